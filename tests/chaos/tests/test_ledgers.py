from django.test import TestCase

from devtools.stripe_sender import events
from orders.models import Refund
from orders.testing import make_order
from payments import refund_tasks, tasks
from payments.testing import deliver, sale_of
from pipeline import lost_leases
from pipeline.claims import Claim
from pipeline.steps import menu
from pipeline.testing import make_due
from tests.chaos.check.ledgers import unknown_outcomes

RECEIPT = menu.find(tasks.send_order_confirmation_email_task.name)
NOTICE = menu.find(refund_tasks.send_refund_notice_task.name)
SALE = menu.find(tasks.record_payment_analytics_task.name)


class TestUnknownOutcomes(TestCase):
    def setUp(self):
        self.order = make_order(paid=False)
        self.sale = sale_of(self.order)
        deliver(events.payment_intent_succeeded(self.sale))

    def die(self, step, subject, *, sending):
        claim = Claim.take(step=step, subjects=[subject])
        if sending:
            claim.mark_sending()
        make_due(step, subject)
        lost_leases.take_back()

    def test_are_not_those_of_a_worker_that_was_gone_before_it_began_to_send(self):
        self.die(RECEIPT, self.order.pk, sending=False)

        self.assertEqual(unknown_outcomes(), {})

    def test_are_those_of_a_worker_that_was_gone_while_it_sent(self):
        self.die(RECEIPT, self.order.pk, sending=True)

        self.assertEqual(unknown_outcomes(), {RECEIPT.name: {str(self.order.public_id): 1}})

    def test_are_those_of_answers_that_were_lost_and_of_no_other_failure(self):
        for because, unknown in (("MailServerBusy: later", False), ("MailAnswerLost: gone", True)):
            claim = Claim.take(step=RECEIPT, subjects=[self.order.pk])
            claim.fail(self.order.pk, because=because, wait=0, unknown=unknown)

        self.assertEqual(unknown_outcomes(), {RECEIPT.name: {str(self.order.public_id): 1}})

    def test_are_told_of_letters_only(self):
        self.die(SALE, self.order.pk, sending=True)

        self.assertEqual(unknown_outcomes(), {})

    def test_of_a_refund_are_told_by_its_own_id(self):
        deliver(events.refund_created(self.sale))
        refund = Refund.objects.get()

        self.die(NOTICE, refund.pk, sending=True)

        self.assertEqual(unknown_outcomes(), {NOTICE.name: {refund.stripe_id: 1}})
