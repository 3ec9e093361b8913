"""
Word for the staff: what to cook, and for when.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from notifications.contact import is_address
from notifications.failures import NotAnAddress
from notifications.holding import stop_if_on_hold
from notifications.letterhead import Letterhead
from notifications.loading import LINES, load
from notifications.nobody import ToNobody
from notifications.sealed import SealedLetter
from notifications.ticket_facts import Ticket
from orders.models import Order
from pipeline.steps import Attempt, Parcel, Report

ORDERS = Order.objects.select_related("restaurant", "customer").prefetch_related(
    LINES, "restaurant__staff_recipients"
)


@dataclass(frozen=True, kw_only=True)
class StaffLetter:
    """
    One order on its way to everybody in the kitchen.
    """

    ticket: Ticket = field(repr=False)
    letterhead: Letterhead
    addresses: tuple[str, ...] = field(repr=False)

    def send(self, attempt: Attempt) -> Report:
        """
        Send it, marked where the kitchen may have it already.
        """
        return self.wrapped(attempt).send(attempt)

    def wrapped(self, attempt: Attempt) -> SealedLetter:
        """
        Render it, marked where the kitchen may have it already.
        """
        stop_if_on_hold(attempt, reference=self.letterhead.reference)
        usable = [address for address in self.addresses if is_address(address)]
        if not usable:
            raise NotAnAddress("None of the restaurant's staff addresses is an e-mail address. Correct them.")
        return SealedLetter.of(
            self._letter(usable, repeat=attempt.number > 1 and attempt.outcome_unknown),
            report={"message_id": self.letterhead.message_id, "recipients": len(self.addresses)},
            unusable=len(self.addresses) - len(usable),
        )

    def _letter(self, to: Sequence[str], *, repeat: bool) -> EmailMultiAlternatives:
        context = {"ticket": self.ticket, "repeat": repeat}
        mark = "MAY BE A REPEAT: " if repeat else ""
        return self.letterhead.letter(
            to=to,
            subject=f"{mark}Order {self.ticket.number}: {self.ticket.service}, {self.ticket.for_when}",
            text=render_to_string("notifications/staff.txt", context),
            html=render_to_string("notifications/staff.html", context),
        )


def letters(*, order_ids: Sequence[int]) -> dict[int, Parcel]:
    """
    A parcel for each order: one e-mail to all who cook, or word that there is nobody.
    """
    orders = load(ORDERS.all(), order_ids=order_ids)
    return {order_id: _parcel(order) for order_id, order in orders.items()}


def _parcel(order: Order) -> Parcel:
    addresses = sorted(recipient.email for recipient in order.restaurant.staff_recipients.all())
    if not addresses:
        return ToNobody(because="the restaurant has named nobody of the staff")
    return StaffLetter(
        ticket=Ticket.of(order),
        letterhead=Letterhead.of(order, kind="staff"),
        addresses=tuple(addresses),
    )
