import json
import uuid

from django.conf import settings
from django.test import Client, TestCase, override_settings

from devtools.stripe_sender import events, sign
from orders.models import Charge, OrderStatus, Payment
from orders.testing import make_order
from payments import inbox
from payments.models import StripeEvent
from payments.testing import URL, deliver, post, sale_of
from pipeline.models import StepRun
from pipeline.steps import Subject, menu

PAYING = (
    events.payment_intent_succeeded,
    events.checkout_session_completed,
    events.checkout_session_async_payment_succeeded,
)


class TestWebhook(TestCase):
    def setUp(self):
        self.order = make_order(paid=False)
        self.sale = sale_of(self.order)

    def test_marks_the_order_as_paid_and_promises_every_step_of_the_menu(self):
        status = deliver(events.payment_intent_succeeded(self.sale))

        self.order.refresh_from_db()
        promised = StepRun.objects.filter(order_id=self.order.pk).values_list("step", "state")
        self.assertEqual((status, self.order.status), (200, OrderStatus.PAID))
        self.assertEqual(
            sorted(promised), sorted((step.name, "promised") for step in menu.about(Subject.ORDER))
        )

    def test_takes_each_of_the_three_events_that_bring_money(self):
        for event in PAYING:
            with self.subTest(event.__name__):
                order = make_order(paid=False)

                deliver(event(sale_of(order)))

                self.assertEqual(Payment.objects.get(order=order).amount_minor, order.total_minor)

    def test_books_one_payment_whatever_comes_in_whatever_order(self):
        for first, second, third in (PAYING, PAYING[::-1], (PAYING[1], PAYING[0], PAYING[2])):
            order = make_order(paid=False)
            sale = sale_of(order)

            for event in (first, second, third, first):
                self.assertEqual(deliver(event(sale)), 200)

            self.assertEqual(Payment.objects.filter(order=order).count(), 1)
            self.assertEqual(
                StepRun.objects.filter(order_id=order.pk).count(), len(menu.about(Subject.ORDER))
            )

    def test_answers_200_to_a_duplicate_and_does_nothing(self):
        event = events.payment_intent_succeeded(self.sale)
        deliver(event)
        before = list(StepRun.objects.order_by("id").values())

        status = deliver(event)

        self.assertEqual(status, 200)
        self.assertEqual(list(StepRun.objects.order_by("id").values()), before)
        self.assertEqual(StripeEvent.objects.count(), 1)

    def test_waits_for_the_money_of_a_session_that_is_not_paid_yet(self):
        deliver(events.checkout_session_completed(self.sale, payment_status="unpaid"))

        self.order.refresh_from_db()
        self.assertEqual(self.order.status, OrderStatus.PENDING_PAYMENT)

    def test_finds_the_order_by_the_ids_of_its_checkout(self):
        event = events.payment_intent_succeeded(self.sale)
        event["data"]["object"]["metadata"] = {}
        self.order.payment_intent = self.sale.payment_intent
        self.order.save()

        deliver(event)

        self.order.refresh_from_db()
        self.assertTrue(self.order.is_paid)

    def test_finds_it_by_its_checkout_also_when_the_reference_is_somebody_elses(self):
        self.order.payment_intent = self.sale.payment_intent
        self.order.save()
        event = events.payment_intent_succeeded(self.sale)
        event["data"]["object"]["metadata"] = {"order_id": "cart-77"}

        deliver(event)

        self.order.refresh_from_db()
        self.assertTrue(self.order.is_paid)

    def test_takes_an_order_for_paid_whose_voucher_covers_everything(self):
        order = make_order(paid=False, discount_minor=5350)
        event = events.checkout_session_completed(sale_of(order), payment_status="paid")
        event["data"]["object"] |= {"payment_status": "no_payment_required", "payment_intent": None}

        deliver(event)

        order.refresh_from_db()
        self.assertEqual((order.total_minor, order.status), (0, OrderStatus.PAID))

    def test_learns_the_card_from_either_api_version(self):
        deliver(events.charge_succeeded(self.sale))
        other = sale_of(make_order(paid=False), card_brand="amex", card_last4="0005")

        deliver(events.payment_intent_succeeded(other, api_version="2022-08-01"))

        cards = set(Charge.objects.values_list("payment_intent", "card_brand", "card_last4"))
        self.assertEqual(
            cards, {(self.sale.payment_intent, "visa", "4242"), (other.payment_intent, "amex", "0005")}
        )

    def test_keeps_no_personal_data_of_the_event(self):
        event = events.charge_succeeded(self.sale)
        event["data"]["object"]["billing_details"] = {"email": "canary@example.com", "name": "Canary Bird"}

        deliver(event)
        deliver(events.payment_intent_succeeded(self.sale))

        kept = json.dumps(list(StripeEvent.objects.values()), default=str)
        self.assertNotIn("canary", kept.lower())


class TestMoneyThatDoesNotFit(TestCase):
    def setUp(self):
        self.order = make_order(paid=False)

    def assert_in_review(self, because):
        self.order.refresh_from_db()
        self.assertEqual(self.order.status, OrderStatus.IN_REVIEW)
        self.assertIn(because, self.order.review_reason)
        self.assertEqual(StepRun.objects.count(), 0)
        self.assertEqual(StripeEvent.objects.get().state, StripeEvent.State.IN_REVIEW)

    def test_in_its_amount_puts_the_order_in_review_and_nothing_follows(self):
        for wrong in (1, self.order.total_minor - 1):
            with self.subTest(wrong):
                StripeEvent.objects.all().delete()

                status = deliver(events.payment_intent_succeeded(sale_of(self.order, amount=wrong)))

                self.assertEqual(status, 200)
                self.assert_in_review("ordered for" if wrong == 1 else "")

    def test_in_its_currency_puts_the_order_in_review(self):
        deliver(events.payment_intent_succeeded(sale_of(self.order, currency="eur")))

        self.assert_in_review("paid in EUR")

    def test_because_it_is_no_test_money_puts_the_order_in_review(self):
        deliver(events.payment_intent_succeeded(sale_of(self.order, livemode=True)))

        self.assert_in_review("live payment on a test system")

    @override_settings(STRIPE_LIVEMODE=True)
    def test_because_it_is_test_money_puts_the_order_in_review(self):
        deliver(events.payment_intent_succeeded(sale_of(self.order)))

        self.assert_in_review("test payment on a live system")

    def test_because_it_has_paid_another_order_puts_the_second_in_review(self):
        first = make_order(paid=False)
        sale = sale_of(first)
        deliver(events.payment_intent_succeeded(sale))
        StripeEvent.objects.all().delete()

        event = events.checkout_session_completed(sale)
        event["data"]["object"]["metadata"]["order_id"] = str(self.order.public_id)
        deliver(event)

        self.order.refresh_from_db()
        self.assertEqual(self.order.review_reason, "the same payment has paid another order")
        self.assertEqual(StepRun.objects.filter(order_id=self.order.pk).count(), 0)

    def test_because_the_order_is_paid_already_is_shown_and_changes_nothing(self):
        deliver(events.payment_intent_succeeded(sale_of(self.order)))

        deliver(events.payment_intent_succeeded(sale_of(self.order, seed=2)))

        self.assertEqual(Payment.objects.filter(order=self.order).count(), 1)
        self.assertEqual(StripeEvent.objects.filter(state=StripeEvent.State.IN_REVIEW).count(), 1)


class TestUnmatchedEvent(TestCase):
    def test_is_kept_and_booked_when_its_order_turns_up(self):
        order = make_order(paid=False)
        reference, order.public_id = order.public_id, uuid.uuid4()
        order.save()
        deliver(events.payment_intent_succeeded(sale_of(order, order_reference=str(reference))))
        kept = StripeEvent.objects.get()
        self.assertEqual(kept.state, StripeEvent.State.UNMATCHED)

        order.public_id = reference
        order.save()
        StripeEvent.objects.update(retry_at=kept.received_at)
        booked = inbox.retry_unmatched()

        order.refresh_from_db()
        self.assertEqual((booked, order.status), (1, OrderStatus.PAID))

    def test_is_tried_less_and_less_often(self):
        sale = sale_of(make_order(paid=False), order_reference="no-uuid-at-all")
        deliver(events.payment_intent_succeeded(sale))
        waits = []

        for _ in range(3):
            kept = StripeEvent.objects.get()
            waits.append(kept.tries)
            StripeEvent.objects.update(retry_at=kept.received_at)
            inbox.retry_unmatched()

        self.assertEqual(waits, [1, 2, 3])
        self.assertGreater(StripeEvent.objects.get().retry_at, kept.received_at)

    def test_that_cannot_be_handled_does_not_hold_up_the_others(self):
        late = make_order(paid=False)
        for order in (make_order(paid=False), late):
            deliver(events.payment_intent_succeeded(sale_of(order, order_reference=str(uuid.uuid4()))))
        bad, good = StripeEvent.objects.order_by("received_at")
        StripeEvent.objects.filter(pk=bad.pk).update(facts={"nonsense": 1}, retry_at=bad.received_at)
        facts = {**good.facts, "order_reference": str(late.public_id)}
        StripeEvent.objects.filter(pk=good.pk).update(facts=facts, retry_at=good.received_at)

        booked = inbox.retry_unmatched()

        late.refresh_from_db()
        self.assertEqual((booked, late.status), (1, OrderStatus.PAID))
        self.assertEqual(StripeEvent.objects.get(pk=bad.pk).because, "TypeError")
        self.assertEqual(inbox.retry_unmatched(), 0)


class TestDoor(TestCase):
    def test_turns_away_what_is_larger_than_256_kilobytes(self):
        body = b"x" * (256 * 1024 + 1)

        self.assertEqual(post(body, sign(body, secret=settings.STRIPE_WEBHOOK_SECRETS[0])), 413)

    def test_is_for_posting_only(self):
        self.assertEqual(Client().get(URL).status_code, 405)

    def test_keeps_events_that_mean_nothing_to_us(self):
        status = deliver(events.payment_intent_created(sale_of(make_order(paid=False))))

        self.assertEqual(status, 200)
        self.assertEqual(StripeEvent.objects.values("state").get(), {"state": StripeEvent.State.IGNORED})
