"""
Cancelling at a till that is in trouble, that was not heard of again, or where the kitchen moves on meanwhile.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from unittest import mock

from devtools.till import Mode
from orders.testing import make_order, make_refund
from pipeline.models import StepRun
from pos import client
from pos.answer_table import ChangedMeanwhile, TillBroken, TillRefusedOrder
from pos.cancellations import cancellations
from pos.cancelling import StillOpenAtTill
from pos.client import AnswerLost, Visit
from pos.tests.refunded import FIRST, SECOND, CancellationTestCase
from pos.tests.tills import make_older


class TestAnOrderWhoseIdIsNotKnown(CancellationTestCase):
    def test_is_found_by_our_own_id(self):
        order = make_order()
        pos_id = self.ring_up(order, told=False)
        self.ring_up(make_order(restaurant=order.restaurant), told=False)

        self.assertEqual(self.cancel(make_refund(order)), {"till": "cancelled", "pos_order_id": pos_id})
        self.assertEqual(self.held(pos_id)[1], ["CANCELED"])
        self.assertEqual([ticket.canceled for ticket in self.till.orders()], [False, True])

    def test_is_found_though_it_is_a_month_old(self):
        order = make_order()
        self.ring_up(order, told=False)
        self.forget_keys()
        make_older(order, hours=700)

        self.assertEqual(self.cancel(make_refund(order))["till"], "cancelled")

    def test_is_found_after_an_attempt_whose_answer_was_lost(self):
        order = make_order()
        self.till.break_down(Mode.FAIL_AFTER_EFFECT, times=1, path="/v2/orders")
        with self.assertRaises(AnswerLost):
            self.send(order)

        self.assertEqual(self.cancel(make_refund(order))["till"], "cancelled")

    def test_was_never_there(self):
        order = make_order()
        self.till.break_down(Mode.FAIL_BEFORE_EFFECT, times=1)
        with self.assertRaises(AnswerLost):
            self.send(order)

        self.assertEqual(self.cancel(make_refund(order)), {"till": "never had it"})

    def test_is_looked_for_where_the_till_does_not_know_the_id_any_more(self):
        order = make_order()
        pos_id = self.ring_up(order)
        StepRun.objects.update(report={"pos_order_id": "GONE"})

        self.assertEqual(self.cancel(make_refund(order)), {"till": "cancelled", "pos_order_id": pos_id})


class TestATillInTrouble(CancellationTestCase):
    def setUp(self) -> None:
        super().setUp()
        order = make_order()
        self.pos_id = self.ring_up(order)
        self.refund = make_refund(order)

    def test_that_lost_its_answer_is_asked_again_and_changes_nothing_more(self):
        self.till.break_down(Mode.FAIL_AFTER_EFFECT, times=1, method="PUT")
        with self.assertRaises(AnswerLost):
            self.cancel(self.refund)

        self.assertEqual(self.cancel(self.refund, SECOND)["till"], "already cancelled")
        self.assertEqual(len(self.changes()), 1)

    def test_that_did_nothing_is_told_again(self):
        faults = (
            (Mode.FAIL_BEFORE_EFFECT, AnswerLost, {}),
            (Mode.SERVER_ERROR, TillBroken, {}),
            (Mode.REFUSE, TillBroken, {"status": 409}),
        )
        for mode, failure, how in faults:
            order = make_order()
            self.ring_up(order)
            refund = make_refund(order)
            self.till.break_down(mode, times=1, method="PUT", **how)
            with self.assertRaises(failure):
                self.cancel(refund)

            self.assertEqual(self.cancel(refund, SECOND)["till"], "cancelled")

    def test_that_hangs_with_the_effect_kept_is_asked_again(self):
        self.till.break_down(Mode.HANG, times=1, method="PUT", effect=True)
        with self.assertRaises(AnswerLost):
            self.cancel(self.refund)

        self.assertEqual(self.cancel(self.refund, SECOND)["till"], "already cancelled")

    def test_that_refuses_for_good_leaves_it_to_a_person(self):
        self.till.break_down(Mode.REFUSE, method="PUT")

        with self.assertRaises(TillRefusedOrder):
            self.cancel(self.refund)

    def test_is_told_once_though_two_workers_tell_it_at_the_same_time(self):
        parcels = [cancellations(refund_ids=[self.refund.pk])[self.refund.pk] for _ in range(2)]
        both, put = Barrier(2), client.Visit.put

        def together(visit, path, body):
            both.wait(timeout=10)  # both have read the same version
            return put(visit, path, body)

        with mock.patch.object(client.Visit, "put", together), ThreadPoolExecutor(2) as workers:
            reports = [report["till"] for report in workers.map(lambda parcel: parcel.send(FIRST), parcels)]

        self.assertEqual((reports, len(self.changes())), (["cancelled", "cancelled"], 1))

    def test_is_not_believed_when_it_says_yes_and_has_changed_nothing(self):
        order = Visit.begin().get(f"/v2/orders/{self.pos_id}")["order"]
        reserved = [{"uid": order["fulfillments"][0]["uid"], "state": "RESERVED"}]
        change = {"location_id": "LROMA", "version": order["version"], "fulfillments": reserved}
        key = f"cancel-{self.refund.order.public_id}-v{order['version'] + 1}"
        Visit.begin().put(f"/v2/orders/{self.pos_id}", {"idempotency_key": key, "order": change})

        with self.assertRaises(StillOpenAtTill):
            self.cancel(self.refund)


class TestAnOrderThatChangesMeanwhile(CancellationTestCase):
    def setUp(self) -> None:
        super().setUp()
        order = make_order()
        self.pos_id = self.ring_up(order)
        self.refund = make_refund(order)

    def while_told(self, *states):
        """
        Let the kitchen move on between each reading and the change that is based on it.
        """
        left = iter(states)
        put = client.Visit.put

        def late(visit, path, body):
            if state := next(left, None):
                self.till.move_fulfillment(self.pos_id, state)
            return put(visit, path, body)

        self.enterContext(mock.patch.object(client.Visit, "put", late))

    def test_is_read_again_and_cancelled(self):
        self.while_told("RESERVED")

        self.assertEqual(self.cancel(self.refund)["till"], "cancelled")
        self.assertEqual(self.held(self.pos_id)[1], ["CANCELED"])

    def test_is_left_alone_where_the_food_is_ready_now(self):
        self.while_told("RESERVED", "PREPARED")

        self.assertEqual(self.cancel(self.refund)["till"], "too late: already prepared")
        self.assertEqual(self.held(self.pos_id)[1], ["PREPARED"])

    def test_is_not_chased_for_ever(self):
        self.while_told(*["PROPOSED"] * 9)  # nothing new for the kitchen, but a new version each time

        with self.assertRaises(ChangedMeanwhile):
            self.cancel(self.refund)
        self.assertEqual(len([visit for visit in self.till.requests() if visit.method == "PUT"]), 3)
