"""
What the tests of letters about refunds share.
"""

from django.core import mail

from notifications import refunds
from notifications.tests.posting import FIRST
from orders.models import Charge, Payment


def know_the_card(*orders):
    for order in orders:
        intent = Payment.objects.get(order=order).payment_intent
        Charge.objects.create(
            stripe_id=f"ch_{intent}", payment_intent=intent, card_brand="visa", card_last4="4242"
        )


def post(refund, attempt=FIRST, *, pack=refunds.notices):
    return pack(refund_ids=[refund.pk])[refund.pk].send(attempt)


def read(refund, *, pack=refunds.notices):
    """
    The text and the HTML of the letter, and its subject.
    """
    post(refund, pack=pack)
    letter = mail.outbox[-1]
    return letter.body, letter.alternatives[0].content, letter.subject


def rows(text):
    return [" ".join(line.split()) for line in text.splitlines()]
