"""
What stands on a receipt, worded and ready to print: no query and no arithmetic is left for the template.
"""

from dataclasses import dataclass

from notifications.cards import card
from notifications.contact import Contact
from notifications.failures import OrderNotPaid
from notifications.wording import (
    AS_SOON_AS_POSSIBLE,
    first_name,
    moment,
    one_line,
    rate,
    service,
    several_lines,
)
from orders.models import Charge, Order, OrderLine, Payment
from orders.money import Money


@dataclass(frozen=True, kw_only=True)
class Item:
    """
    One line of the order: quantity, name and size; price, sum and note.
    """

    title: str
    each: str
    total: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    A label and an amount.
    """

    label: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """
    One guest's receipt.
    """

    restaurant: str
    legal_name: str
    address: tuple[str, ...]
    tax_id: str
    contact: Contact
    guest: str
    number: str
    service: str
    wanted: str
    placed: str
    paid: str
    note: str
    items: tuple[Item, ...]
    before_total: tuple[Row, ...]
    total: Row
    included_taxes: tuple[Row, ...]
    paid_amount: Row
    paid_with: str

    @classmethod
    def of(cls, order: Order, *, payment: Payment | None, charge: Charge | None) -> "Receipt":
        """
        Word an order that is loaded with its restaurant, guest, lines and taxes.
        """
        place = order.restaurant
        if order.paid_at is None:
            raise OrderNotPaid(f"Order {order.pk} is not paid: there is no receipt for it.")
        return cls(
            restaurant=one_line(place.name),
            legal_name=one_line(place.legal_name),
            address=several_lines(place.address),
            tax_id=one_line(place.tax_id),
            contact=Contact.of(place.contact),
            guest=first_name(order.customer),
            number=one_line(order.number),
            service=service(order),
            wanted=moment(place.local_time(order.wanted_at)) if order.wanted_at else AS_SOON_AS_POSSIBLE,
            placed=moment(place.local_time(order.placed_at)),
            paid=moment(place.local_time(payment.paid_at if payment else order.paid_at)),
            note=one_line(order.note),
            items=tuple(_item(order, line) for line in order.lines.all()),
            before_total=_before_total(order),
            total=Row(label="Total", amount=str(order.total)),
            included_taxes=_taxes(order, "Includes {name} ({rate})") if order.prices_include_tax else (),
            paid_amount=_paid(order, payment),
            paid_with=_paid_with(charge),
        )


def _item(order: Order, line: OrderLine) -> Item:
    dish = ", ".join(filter(None, (one_line(line.name), one_line(line.size))))
    return Item(
        title=f"{line.quantity} × {dish}",  # noqa: RUF001 - a real multiplication sign
        each=str(order.money(line.price_minor)),
        total=str(order.money(line.total_minor)),
        note=one_line(line.note),
    )


def _before_total(order: Order) -> tuple[Row, ...]:
    rows = [Row(label="Subtotal", amount=str(order.money(order.subtotal_minor)))]
    if order.discount_minor:
        rows.append(Row(label="Discount", amount=str(order.money(-order.discount_minor))))
    if not order.prices_include_tax:
        rows.extend(_taxes(order, "{name} ({rate})"))
    if order.tip_minor:
        rows.append(Row(label="Tip", amount=str(order.money(order.tip_minor))))
    return tuple(rows)


def _taxes(order: Order, wording: str) -> tuple[Row, ...]:
    # The name goes in last: it is the restaurant's own text and may hold braces itself.
    return tuple(
        Row(
            label=wording.replace("{rate}", rate(tax.rate_ppm)).replace("{name}", one_line(tax.name)),
            amount=str(order.money(tax.amount_minor)),
        )
        for tax in order.taxes.all()
    )


def _paid(order: Order, payment: Payment | None) -> Row:
    paid = Money(minor=payment.amount_minor, currency=payment.currency) if payment else order.total
    return Row(label=f"Paid in {paid.currency}", amount=str(paid))


def _paid_with(charge: Charge | None) -> str:
    """
    'paid with Visa •••• 4242', as far as we know the card.
    """
    known = card(charge)
    return f"paid with {known}" if known else "paid by card"
