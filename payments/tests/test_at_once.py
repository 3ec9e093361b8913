import uuid
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings

from devtools.stripe_sender import events
from devtools.stripe_sender.api_version import WITH_CHARGES
from orders.models import Order, OrderStatus, Payment
from orders.testing import make_order
from payments.models import StripeEvent
from payments.testing import deliver, sale_of
from pipeline.models import StepRun

NOW = 1_790_000_000
OF_ITS_OWN = {
    "id", "public_id", "number", "restaurant_id", "customer_id", "order_id", "subject_id", "payment_intent", "event_id",
    "object_id", "api_version", "body_sha256", "facts", "received_at", "created_at", "due_at", "promised_at", "placed_at",
}  # fmt: skip


class TestPaymentToldInOneStatement(TestCase):
    def paid(self, **how: object) -> Order:
        order = make_order(paid=False)
        deliver(events.payment_intent_succeeded(sale_of(order, created=NOW), **how))
        return order

    def test_asks_the_database_nothing_else(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order))

        with self.assertNumQueries(0):  # Django's own; the statement goes past them
            self.assertEqual(deliver(event), 200)

        order.refresh_from_db()
        self.assertEqual(order.status, OrderStatus.PAID)

    def test_leaves_the_same_rows_as_the_longer_way(self):
        at_once = left_by(self.paid())

        step_by_step = left_by(self.paid(api_version=WITH_CHARGES))

        self.assertEqual(at_once, step_by_step)
        self.assertEqual({name: len(found) for name, found in at_once.items()}, ROWS)

    def test_keeps_the_same_facts_as_the_longer_way(self):
        order = self.paid()
        other = self.paid(api_version=WITH_CHARGES)

        facts = [StripeEvent.objects.get(order=paid).facts for paid in (order, other)]

        self.assertEqual(facts[0].keys(), facts[1].keys())
        self.assertEqual(facts[0]["order_reference"], str(order.public_id))

    @override_settings(CELERY_TASK_ROUTES={"payments.tasks.sync_order_to_pos_task": {"queue": "default"}})
    def test_promises_on_the_lanes_that_the_settings_name(self):
        order = self.paid()

        lane = StepRun.objects.get(subject_id=order.pk, step="payments.tasks.sync_order_to_pos_task").lane

        self.assertEqual(lane, "default")


class TestWhatIsNotCommon(TestCase):
    def assert_goes_the_longer_way(self, event: dict[str, object], order: Order, *, left: str) -> None:
        with self.assertRaises(AssertionError, msg="it was booked at once"), self.assertNumQueries(0):
            self.assertEqual(deliver(event), 200)
        order.refresh_from_db()
        self.assertEqual(order.status, left)

    def test_is_money_that_does_not_fit(self):
        changes = ({"amount": 1}, {"currency": "EUR"}, {"livemode": True})
        for change in changes:
            with self.subTest(change):
                order = make_order(paid=False)
                event = events.payment_intent_succeeded(sale_of(order, **change))

                self.assert_goes_the_longer_way(event, order, left="in_review")

    def test_is_a_payment_of_another_account(self):
        order = make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(order, account="acct_of_others"))

        self.assert_goes_the_longer_way(event, order, left="pending_payment")

    def test_is_a_payment_that_a_refund_waits_for(self):
        order = make_order(paid=False)
        deliver(events.refund_created(sale_of(order)))

        self.assert_goes_the_longer_way(
            events.payment_intent_succeeded(sale_of(order)), order, left="refunded"
        )

    def test_is_a_payment_that_is_known(self):
        order = make_order(paid=False)
        deliver(events.payment_intent_succeeded(sale_of(order)))

        self.assert_goes_the_longer_way(events.checkout_session_completed(sale_of(order)), order, left="paid")

    def test_is_a_payment_that_names_no_order_of_ours(self):
        order = make_order(paid=False)
        for reference in (str(uuid.uuid4()), "table 7", ""):
            with self.subTest(reference):
                event = events.payment_intent_succeeded(sale_of(order, order_reference=reference))

                self.assert_goes_the_longer_way(event, order, left="pending_payment")

    def test_is_a_payment_that_has_paid_another_order(self):
        first, second = make_order(paid=False), make_order(paid=False)
        event = events.payment_intent_succeeded(sale_of(first))
        deliver(event)
        again = events.payment_intent_succeeded(sale_of(second))
        again["data"]["object"]["id"] = event["data"]["object"]["id"]

        self.assert_goes_the_longer_way(again, second, left="in_review")


class TestLineToTheDatabase(TransactionTestCase):
    def test_that_broke_since_the_last_payment_is_opened_again(self):
        order = make_order(paid=False)
        ours = connection.connection.info.backend_pid

        def end_ours() -> None:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [ours])
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as somebody:
            somebody.submit(end_ours).result(20)
        answer = deliver(events.payment_intent_succeeded(sale_of(order)))

        order.refresh_from_db()
        self.assertEqual((answer, order.status), (200, OrderStatus.PAID))


ROWS = {"order": 1, "payment": 1, "event": 1, "steps": 6}


def left_by(order: Order) -> dict[str, list[dict[str, object]]]:
    """
    What a payment has left, without the ids and texts that each has of its own.
    """
    found = {
        "order": Order.objects.filter(pk=order.pk),
        "payment": Payment.objects.filter(order=order),
        "event": StripeEvent.objects.filter(order=order),
        "steps": StepRun.objects.filter(order_id=order.pk).order_by("step"),
    }
    return {name: [_without_ids(row) for row in rows.values()] for name, rows in found.items()}


def _without_ids(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in OF_ITS_OWN}
