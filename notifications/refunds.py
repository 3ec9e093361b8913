"""
Letters to the guest about money that goes back, and about money that came back to us instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.template.loader import render_to_string

from notifications.cards import charges, payment_of
from notifications.contact import is_address
from notifications.failures import NotAnAddress, RefundNotFailed
from notifications.holding import stop_if_on_hold
from notifications.letterhead import Letterhead
from notifications.loading import load_refunds
from notifications.nobody import ToNobody
from notifications.refund_facts import RefundNote
from notifications.sealed import SealedLetter
from orders.models import Charge, Refund
from pipeline.steps import Attempt, Parcel, Report

REFUNDS = Refund.objects.select_related("order__restaurant", "order__customer", "order__payment")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """
    One of the letters about a refund: what it is called in its reference, its subject, and its template.
    """

    reference: str
    subject: str
    template: str


GOES_BACK = Kind(reference="refund", subject="Your refund", template="notifications/refund")
FAILED = Kind(
    reference="refund-failed", subject="Your refund did not work", template="notifications/refund_failed"
)


@dataclass(frozen=True, kw_only=True)
class RefundLetter:
    """
    Word of one refund, ready to go to the guest.
    """

    kind: Kind
    note: RefundNote = field(repr=False)
    letterhead: Letterhead
    address: str = field(repr=False)

    def send(self, attempt: Attempt) -> Report:
        """
        Send it, unless it may have been sent already and a person shall decide.
        """
        return self.wrapped(attempt).send(attempt)

    def wrapped(self, attempt: Attempt) -> SealedLetter:
        """
        Render it, unless it may have been sent already and a person shall decide.
        """
        stop_if_on_hold(attempt, reference=self.letterhead.reference)
        if not is_address(self.address):
            raise NotAnAddress("The guest's e-mail address is no address. Correct it, then revive this step.")
        context = {"note": self.note}
        message = self.letterhead.letter(
            to=[self.address],
            subject=f"{self.kind.subject}: {self.note.restaurant}, order {self.note.number}",
            text=render_to_string(f"{self.kind.template}.txt", context),
            html=render_to_string(f"{self.kind.template}.html", context),
        )
        return SealedLetter.of(message, report={"message_id": self.letterhead.message_id})


def notices(*, refund_ids: Sequence[int]) -> dict[int, Parcel]:
    """
    A parcel for each refund: how much goes back, or word that there is nobody to tell, or nothing to tell any more.
    """
    refunds = load_refunds(REFUNDS.all(), refund_ids=refund_ids)
    came_back = ToNobody(because="the refund did not work")
    letters = _letters(refunds, GOES_BACK)
    return {pk: letters[pk] if refund.counts else came_back for pk, refund in refunds.items()}


def failure_notices(*, refund_ids: Sequence[int]) -> dict[int, Parcel]:
    """
    A parcel for each failed refund: it did not work, and the restaurant will be in touch.
    """
    refunds = load_refunds(REFUNDS.all(), refund_ids=refund_ids)
    if working := sorted(pk for pk, refund in refunds.items() if refund.counts):
        raise RefundNotFailed(f"Refund {', '.join(map(str, working))} has not failed.")
    return _letters(refunds, FAILED)


def _letters(refunds: dict[int, Refund], kind: Kind) -> dict[int, Parcel]:
    payments = [payment for refund in refunds.values() if (payment := payment_of(refund.order))]
    known = charges(payments)
    nobody = ToNobody(because="the guest left no address")
    letters = {pk: _letter(refund, kind, known) for pk, refund in refunds.items()}
    return {pk: letter if letter.address else nobody for pk, letter in letters.items()}


def _letter(refund: Refund, kind: Kind, known: dict[str, Charge]) -> RefundLetter:
    order = refund.order
    payment = payment_of(order)
    note = RefundNote.of(refund, charge=known.get(payment.payment_intent) if payment else None)
    # Stripe's own id: it stays the same in a database that was restored from a backup.
    reference = f"{kind.reference}-{refund.stripe_id}"
    return RefundLetter(
        kind=kind,
        note=note,
        letterhead=Letterhead.of(order, kind=reference, reply_to=note.contact.email),
        address=order.customer.email.strip() if order.customer else "",
    )
