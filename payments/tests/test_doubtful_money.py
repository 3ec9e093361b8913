"""
Money that does not come, comes in part, comes to somebody else, or is asked back.
"""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import TestCase, override_settings

from devtools.stripe_sender import events
from devtools.stripe_sender.sender import body_of
from devtools.stripe_sender.signing import sign_with_all
from orders.models import Charge, Dispute, DisputeStatus, OrderStatus, Payment
from orders.testing import make_order, make_restaurant
from payments.models import StripeEvent
from payments.testing import deliver, post, sale_of
from pipeline.models import StepRun

State = StripeEvent.State


class DoubtCase(TestCase):
    def setUp(self):
        self.order = make_order(paid=False)
        self.sale = sale_of(self.order)

    def deliver(self, event):
        self.assertEqual(deliver(event), 200)
        self.order.refresh_from_db()
        return StripeEvent.objects.get(pk=event["id"])

    def assert_nothing_followed(self):
        self.assertEqual(StepRun.objects.filter(order_id=self.order.pk).count(), 0)
        self.assertEqual(Payment.objects.filter(order=self.order).count(), 0)


class TestMoneyThatDoesNotCome(DoubtCase):
    def test_leaves_the_order_waiting_and_is_shown_beside_it(self):
        for build in (events.checkout_session_async_payment_failed, events.payment_intent_payment_failed):
            with self.subTest(build.__name__), self.assertLogs("rms.pipeline", "INFO") as log:
                kept = self.deliver(build(self.sale))

                self.assertEqual((kept.state, kept.order_id), (State.NOTED, self.order.pk))
                self.assertEqual(self.order.status, OrderStatus.PENDING_PAYMENT)
                self.assertIn("payment.failed", str(log.output))
        self.assert_nothing_followed()

    def test_may_come_by_another_attempt(self):
        self.deliver(events.checkout_session_completed(self.sale, payment_status="unpaid"))
        self.deliver(events.checkout_session_async_payment_failed(self.sale))

        self.deliver(events.payment_intent_succeeded(sale_of(self.order, seed=2)))

        self.assertTrue(self.order.is_paid)

    def test_of_a_stranger_is_looked_for_by_nobody(self):
        kept = self.deliver(events.payment_intent_payment_failed(sale_of(self.order, order_reference="x")))

        self.assertEqual((kept.state, kept.order_id, kept.retry_at), (State.NOTED, None, None))


class TestMoneyThatComesInPart(DoubtCase):
    def test_is_not_there_while_it_is_only_reserved(self):
        kept = self.deliver(events.payment_intent_amount_capturable_updated(self.sale))

        self.assertEqual((kept.state, self.order.status), (State.IGNORED, OrderStatus.PENDING_PAYMENT))

    def test_is_shown_as_partly_paid_and_nothing_follows(self):
        part = self.order.total_minor - 1

        kept = self.deliver(events.payment_intent_succeeded(self.sale, amount_received=part))

        self.assertEqual((kept.state, self.order.status), (State.IN_REVIEW, OrderStatus.PARTLY_PAID))
        self.assertEqual(self.order.review_reason, f"captured {part}, ordered for {part + 1} (minor units)")
        self.assert_nothing_followed()

    def test_is_not_made_whole_by_what_else_is_told_of_the_same_payment(self):
        self.deliver(events.payment_intent_succeeded(self.sale, amount_received=1))

        for late in (
            events.checkout_session_completed(self.sale),
            events.charge_succeeded(self.sale),
            events.payment_intent_succeeded(self.sale, event_id="evt_again"),
        ):
            self.deliver(late)

        self.assertEqual(self.order.status, OrderStatus.PARTLY_PAID)
        self.assert_nothing_followed()

    def test_is_no_part_where_less_was_asked_from_the_beginning(self):
        self.deliver(events.payment_intent_succeeded(sale_of(self.order, amount=100)))

        self.assertEqual(self.order.status, OrderStatus.IN_REVIEW)

    def test_in_another_currency_is_no_part(self):
        sale = sale_of(self.order, currency="eur")

        self.deliver(events.payment_intent_succeeded(sale, amount_received=1))

        self.assertEqual(
            (self.order.status, self.order.review_reason),
            (OrderStatus.IN_REVIEW, "paid in EUR, ordered in USD"),
        )


class TestMoneyOfAnotherAccount(DoubtCase):
    def setUp(self):
        super().setUp()
        self.sale = sale_of(self.order, account="acct_theirs")

    def test_is_put_aside_and_touches_no_order(self):
        kept = self.deliver(events.payment_intent_succeeded(self.sale))

        self.assertEqual((kept.state, kept.because), (State.IN_REVIEW, "of another account: acct_theirs"))
        self.assertEqual(self.order.status, OrderStatus.PENDING_PAYMENT)
        self.assert_nothing_followed()

    def test_leaves_no_card_behind_and_takes_no_refund(self):
        deliver(events.payment_intent_succeeded(sale_of(self.order)))

        kept = self.deliver(events.refund_created(self.sale))

        self.assertEqual((kept.state, self.order.status), (State.IN_REVIEW, OrderStatus.PAID))
        self.assertEqual(Charge.objects.count(), 0)

    def test_is_ignored_where_it_says_nothing_of_money(self):
        self.assertEqual(self.deliver(events.payment_intent_created(self.sale)).state, State.IGNORED)

    @override_settings(STRIPE_ACCOUNT="acct_theirs")
    def test_is_ours_where_the_settings_say_so(self):
        self.deliver(events.payment_intent_succeeded(self.sale))

        self.assertTrue(self.order.is_paid)


class TestDispute(DoubtCase):
    def test_is_shown_beside_its_order_and_undoes_nothing(self):
        self.deliver(events.payment_intent_succeeded(self.sale))
        before = list(StepRun.objects.order_by("pk").values())

        kept = self.deliver(events.charge_dispute_created(self.sale))

        dispute = Dispute.objects.get(order=self.order)
        self.assertEqual((dispute.status, dispute.amount_minor), (DisputeStatus.OPEN, self.order.total_minor))
        self.assertEqual((kept.state, self.order.status), (State.HANDLED, OrderStatus.PAID))
        self.assertEqual(list(StepRun.objects.order_by("pk").values()), before)

    def test_ends_as_the_bank_decides_and_stays_ended(self):
        self.deliver(events.payment_intent_succeeded(self.sale))
        for ending in ("won", "lost"):
            with self.subTest(ending):
                Dispute.objects.all().delete()
                self.deliver(events.charge_dispute_closed(self.sale, status=ending, event_id=f"evt_{ending}"))
                late = self.deliver(events.charge_dispute_created(self.sale, event_id=f"evt_late_{ending}"))

                self.assertEqual((Dispute.objects.get().status, late.state), (ending, State.CONFIRMED))

    def test_before_its_payment_waits_for_it(self):
        for known in ("", self.sale.payment_intent):  # the id may stand in the order since its checkout began
            with self.subTest(known):
                self.order = make_order(paid=False)
                self.sale = sale_of(self.order)
                self.order.payment_intent = self.sale.payment_intent if known else ""
                self.order.save()

                kept = self.deliver(events.charge_dispute_created(self.sale))
                self.assertEqual(kept.state, State.UNMATCHED)
                self.deliver(events.payment_intent_succeeded(self.sale))

                self.assertEqual(Dispute.objects.get(order=self.order).status, DisputeStatus.OPEN)

    def test_stands_in_the_admin(self):
        self.client.force_login(get_user_model().objects.create_superuser("anna", password="a long password"))
        self.deliver(events.payment_intent_succeeded(self.sale))
        self.deliver(events.charge_dispute_created(self.sale, reason="product_not_received"))

        of_order = self.client.get(f"/admin/orders/order/{self.order.pk}/change/")
        of_all = self.client.get("/admin/orders/dispute/?status__exact=open")

        self.assertContains(of_order, "product_not_received")
        self.assertContains(of_all, "product_not_received")


class TestCurrency(TestCase):
    def test_of_any_number_of_decimals_is_whole_minor_units_from_the_event_to_the_refund(self):
        for currency in ("JPY", "KWD", "USD"):
            with self.subTest(currency):
                order = make_order(restaurant=make_restaurant(currency=currency), paid=False)
                sale = sale_of(order)

                deliver(events.payment_intent_succeeded(sale))
                deliver(events.refund_created(sale, amount=7))
                deliver(events.charge_dispute_created(sale, amount=9))

                order.refresh_from_db()
                payment = order.payment
                self.assertEqual((payment.amount_minor, payment.currency), (5350, currency))
                self.assertEqual((order.status, order.refunded_minor), (OrderStatus.PARTLY_REFUNDED, 7))
                self.assertEqual(order.disputes.get().amount_minor, 9)

    def test_of_a_hundredth_does_not_pay_an_order_without_decimals(self):
        order = make_order(restaurant=make_restaurant(currency="JPY"), paid=False)

        deliver(events.payment_intent_succeeded(sale_of(order, amount=order.total_minor * 100)))

        order.refresh_from_db()
        self.assertEqual(order.status, OrderStatus.IN_REVIEW)


class TestRolledSecret(DoubtCase):
    def test_of_either_signature_in_the_header_lets_the_event_in(self):
        body = body_of(events.payment_intent_succeeded(self.sale))
        ours = settings.STRIPE_WEBHOOK_SECRETS[0]

        for secrets in ((ours, "whsec_not_ours_yet"), ("whsec_no_longer_ours", ours)):
            self.assertEqual(post(body, sign_with_all(body, secrets=secrets)), 200)
        self.assertEqual(post(body, sign_with_all(body, secrets=("whsec_a", "whsec_b"))), 400)
