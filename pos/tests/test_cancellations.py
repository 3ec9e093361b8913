"""
Cancelling at the till what was refunded: once, and where it is not too late.
"""

from datetime import timedelta

from django.db.models.functions import Now

from devtools.till import Mode
from orders.models import PosProvider, Refund, RefundStatus, Restaurant, ServiceType
from orders.testing import make_order, make_refund, make_restaurant
from pos.cancellations import cancellations
from pos.models import Ticket
from pos.tests.refunded import FIRST, SEARCH, CancellationTestCase


class TestAFullRefund(CancellationTestCase):
    def test_cancels_what_the_kitchen_has_not_cooked_yet(self):
        for kind in (ServiceType.PICKUP, ServiceType.DELIVERY):
            order = make_order(service_type=kind)
            pos_id = self.ring_up(order)

            report = self.cancel(make_refund(order))

            self.assertEqual(report, {"till": "cancelled", "pos_order_id": pos_id})
            self.assertEqual(self.held(pos_id), ("OPEN", ["CANCELED"]))
        self.assertEqual(self.requests_for(SEARCH), 0)

    def test_cancels_what_the_kitchen_has_only_begun(self):
        order = make_order()
        pos_id = self.ring_up(order)
        self.till.move_fulfillment(pos_id, "RESERVED")

        self.assertEqual(self.cancel(make_refund(order))["till"], "cancelled")

    def test_is_told_once_however_often_it_is_sent(self):
        order = make_order()
        self.ring_up(order)
        refund = make_refund(order)

        reports = [self.cancel(refund)["till"] for _ in range(3)]

        self.assertEqual(reports, ["cancelled", "already cancelled", "already cancelled"])
        self.assertEqual(len(self.changes()), 1)

    def test_comes_too_late_for_what_is_prepared_or_handed_out(self):
        for state in ("PREPARED", "COMPLETED"):
            order = make_order()
            pos_id = self.ring_up(order)
            self.till.move_fulfillment(pos_id, state)

            report = self.cancel(make_refund(order))

            self.assertEqual(report, {"till": "too late: already prepared", "pos_order_id": pos_id})
            self.assertEqual(self.held(pos_id)[1], [state])

    def test_comes_too_late_for_what_is_eaten_here_since_the_till_closed_it_with_its_payment(self):
        order = make_order(service_type=ServiceType.DINE_IN)
        pos_id = self.ring_up(order)

        self.assertEqual(self.cancel(make_refund(order))["till"], "too late: already closed")
        self.assertEqual(self.held(pos_id), ("COMPLETED", []))

    def test_cancels_an_order_that_stands_there_unpaid(self):
        for kind, kitchen in ((ServiceType.PICKUP, ["CANCELED"]), (ServiceType.DINE_IN, [])):
            order = make_order(service_type=kind)
            self.till.break_down(Mode.REFUSE, path="/v2/payments")
            with self.assertRaises(Exception):  # noqa: B017 - how it fails is another test's matter
                self.send(order)
            self.till.mend()

            report = self.cancel(make_refund(order))

            self.assertEqual(report["till"], "cancelled")
            self.assertEqual(self.held(report["pos_order_id"]), ("CANCELED", kitchen))

    def test_of_an_order_that_somebody_cancelled_at_the_till_changes_nothing(self):
        order = make_order()
        self.till.move_fulfillment(self.ring_up(order), "CANCELED")

        self.assertEqual(self.cancel(make_refund(order))["till"], "already cancelled")
        self.assertEqual(self.changes(), [])

    def test_in_two_parts_is_told_once(self):
        order = make_order()
        self.ring_up(order)
        refunds = [make_refund(order, minor=1000), make_refund(order)]

        reports = [self.cancel(refund)["till"] for refund in refunds]

        self.assertEqual(reports, ["cancelled", "already cancelled"])


class TestNothingToCancel(CancellationTestCase):
    def test_is_there_where_the_guest_still_wants_the_rest(self):
        order = make_order()
        pos_id = self.ring_up(order)

        self.assertEqual(self.cancel(make_refund(order, minor=500)), {"till": "nothing to cancel"})
        self.assertEqual(self.held(pos_id)[1], ["PROPOSED"])

    def test_is_there_where_the_refund_did_not_work(self):
        order = make_order()
        self.ring_up(order)

        report = self.cancel(make_refund(order, status=RefundStatus.FAILED))

        self.assertEqual((report, self.changes()), ({"till": "nothing to cancel"}, []))

    def test_is_there_where_the_order_was_never_packed(self):
        self.assertEqual(self.cancel(make_refund(make_order())), {"till": "nothing to cancel"})
        self.assertEqual(self.till.counts().requests, 0)

    def test_is_there_without_a_till(self):
        order = make_order(restaurant=make_restaurant(pos_provider=PosProvider.NONE))

        self.assertEqual(self.cancel(make_refund(order)), {"till": "none"})

    def test_does_not_depend_on_what_the_restaurant_has_become(self):
        order = make_order()
        self.ring_up(order)
        Restaurant.objects.update(pos_provider=PosProvider.NONE, pos_location="")

        self.assertEqual(self.cancel(make_refund(order))["till"], "cancelled")


class TestPacking(CancellationTestCase):
    def test_asks_the_database_as_often_for_twenty_refunds_as_for_one(self):
        restaurant = make_restaurant()
        orders = [make_order(restaurant=restaurant) for _ in range(20)]
        for order in orders:
            self.ring_up(order)
        refunds = [make_refund(order).pk for order in orders]

        for batch in (refunds[:1], refunds):
            with self.assertNumQueries(3):
                packed = cancellations(refund_ids=batch)
            self.assertEqual(sorted(packed), batch)

        with self.assertNumQueries(0):
            reports = [parcel.send(FIRST)["till"] for parcel in packed.values()]
        self.assertEqual(reports, ["cancelled"] * 20)

    def test_takes_a_key_that_fits(self):
        order = make_order()
        self.ring_up(order)
        self.cancel(make_refund(order))

        key = self.changes()[0].idempotency_key or ""
        self.assertEqual(key, f"cancel-{order.public_id}-v2")

    def test_asks_since_the_order_was_paid(self):
        order = make_order()
        self.ring_up(order, told=False)
        Ticket.objects.update(created_at=Now() + timedelta(hours=1))

        self.assertEqual(self.cancel(make_refund(order))["till"], "cancelled")

    def test_refuses_a_refund_that_does_not_exist(self):
        with self.assertRaisesMessage(Refund.DoesNotExist, "There are no refunds [99999999]."):
            cancellations(refund_ids=[99_999_999])
