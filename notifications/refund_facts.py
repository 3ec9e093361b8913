"""
What a guest is told about a refund, worded and ready to print.
"""

from dataclasses import dataclass

from notifications.cards import card
from notifications.contact import Contact
from notifications.receipt_facts import Row
from notifications.wording import first_name, moment, one_line, several_lines
from orders.models import Charge, Order, Refund


@dataclass(frozen=True, kw_only=True)
class RefundNote:
    """
    One refund of one order.
    """

    restaurant: str
    legal_name: str
    address: tuple[str, ...]
    tax_id: str
    contact: Contact
    guest: str
    number: str
    amount: str
    whole: bool  # nothing of what was paid remains
    to: str  # 'your Visa •••• 4242', or 'the card you paid with'
    begun: str
    failed: str  # when we were told, '' where it did not fail
    paid: Row
    back: Row
    after: tuple[Row, ...]

    @classmethod
    def of(cls, refund: Refund, *, charge: Charge | None) -> "RefundNote":
        """
        Word a refund that is loaded with its order, the restaurant and the guest.
        """
        order = refund.order
        place = order.restaurant
        return cls(
            restaurant=one_line(place.name),
            legal_name=one_line(place.legal_name),
            address=several_lines(place.address),
            tax_id=one_line(place.tax_id),
            contact=Contact.of(place.contact),
            guest=first_name(order.customer),
            number=one_line(order.number),
            amount=str(refund.amount),
            whole=order.refunded_minor == order.total_minor,
            to=f"your {known}" if (known := card(charge)) else "the card you paid with",
            begun=moment(place.local_time(refund.refunded_at)),
            failed=moment(place.local_time(refund.failed_at)) if refund.failed_at else "",
            paid=Row(label="You paid", amount=str(order.total)),
            back=Row(label="This refund", amount=str(refund.amount)),
            after=_after(order, refund),
        )


def _after(order: Order, refund: Refund) -> tuple[Row, ...]:
    left = order.total_minor - order.refunded_minor
    remains = Row(label="Remains paid", amount=str(order.money(left)))
    if order.refunded_minor <= refund.amount_minor:
        return (remains,)
    return Row(label="Refunded in all", amount=str(order.money(order.refunded_minor))), remains
