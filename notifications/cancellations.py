"""
Word for the staff that an order is refunded: do not cook it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Prefetch
from django.template.loader import render_to_string

from notifications.contact import is_address
from notifications.failures import NotAnAddress
from notifications.holding import stop_if_on_hold
from notifications.letterhead import Letterhead
from notifications.loading import load_refunds
from notifications.nobody import ToNobody
from notifications.sealed import SealedLetter
from notifications.ticket_facts import Ticket
from notifications.wording import moment
from orders.models import COUNTING, OrderLine, OrderStatus, Refund
from pipeline.steps import Attempt, Parcel, Report

# Where an order went back in parts, its last part tells the kitchen, and no other: not even one whose turn comes late.
LATER = Refund.objects.filter(order=OuterRef("order"), status__in=COUNTING, pk__gt=OuterRef("pk"))
REFUNDS = (
    Refund.objects.select_related("order__restaurant", "order__customer")
    .prefetch_related(
        Prefetch("order__lines", queryset=OrderLine.objects.order_by("id")),
        "order__restaurant__staff_recipients",
    )
    .annotate(has_later=Exists(LATER))
)


@dataclass(frozen=True, kw_only=True)
class CancellationLetter:
    """
    One order that is not wanted any more, on its way to everybody in the kitchen.
    """

    ticket: Ticket = field(repr=False)
    placed: str
    refunded: str
    letterhead: Letterhead
    addresses: tuple[str, ...] = field(repr=False)

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
        usable = [address for address in self.addresses if is_address(address)]
        if not usable:
            raise NotAnAddress("None of the restaurant's staff addresses is an e-mail address. Correct them.")
        context = {"ticket": self.ticket, "placed": self.placed, "refunded": self.refunded}
        message = self.letterhead.letter(
            to=usable,
            subject=f"CANCELLED: order {self.ticket.number}, do not cook it",
            text=render_to_string("notifications/cancellation.txt", context),
            html=render_to_string("notifications/cancellation.html", context),
        )
        return SealedLetter.of(
            message,
            report={"message_id": self.letterhead.message_id, "recipients": len(self.addresses)},
            unusable=len(self.addresses) - len(usable),
        )


def letters(*, refund_ids: Sequence[int]) -> dict[int, Parcel]:
    """
    A parcel for each refund: one e-mail to all who cook, or word why they need not know.
    """
    refunds = load_refunds(REFUNDS.all(), refund_ids=refund_ids)
    return {pk: _parcel(refund) for pk, refund in refunds.items()}


def _parcel(refund: Refund) -> Parcel:
    order = refund.order
    addresses = sorted(recipient.email for recipient in order.restaurant.staff_recipients.all())
    if because := _why_not(refund, addresses):
        return ToNobody(because=because)
    return CancellationLetter(
        ticket=Ticket.of(order),
        placed=moment(order.restaurant.local_time(order.placed_at)),
        refunded=moment(order.restaurant.local_time(refund.refunded_at)),
        letterhead=Letterhead.of(order, kind=f"cancelled-{refund.stripe_id}"),
        addresses=tuple(addresses),
    )


def _why_not(refund: Refund, addresses: Sequence[str]) -> str:
    if not refund.counts:
        return "the refund did not work"
    if refund.order.status != OrderStatus.REFUNDED:
        return "the order is refunded in part only"
    if refund.has_later:  # type: ignore[attr-defined] # annotated above
        return "a later refund of this order tells them"
    return "" if addresses else "the restaurant has named nobody of the staff"
