"""
An order in the words of Square's API (https://developer.squareup.com/reference/square/orders-api/create-order).
"""

from datetime import UTC

from django.core.exceptions import ObjectDoesNotExist

from orders.models import Order, OrderLine, ServiceType
from pipeline.failures import PermanentFailure
from pos.answers import Document
from pos.square_taxes import rounding_charge, taxes

SOMEBODY = "Guest"  # Square wants a name for whoever fetches the food


class LocationMissing(PermanentFailure):
    """
    The restaurant has a Square till, but nobody has said which location it is.
    """


def order_body(order: Order, *, key: str) -> Document:
    """
    The CreateOrder request. What is empty is left out: Square refuses empty texts.
    """
    if not order.restaurant.pos_location:
        raise LocationMissing(
            f"The restaurant {order.restaurant_id} has a Square till, but no location. "
            "Copy the location's id from Square's dashboard into its field 'pos location'."
        )
    parts = {
        "location_id": order.restaurant.pos_location,
        "reference_id": str(order.public_id),
        "ticket_name": order.number,
        "line_items": _line_items(order),
        "taxes": taxes(order),
        "discounts": _discounts(order),
        "service_charges": rounding_charge(order),
        "fulfillments": _fulfillments(order),
    }
    return {"idempotency_key": key, "order": _without_empty(parts)}


def payment_body(order: Order, *, key: str) -> Document:
    """
    The CreatePayment request for money that Stripe took, still without the till's own `order_id`.

    Square adds the tip to the order's total itself, so amount_money is what the order comes to without it.
    """
    details = {"type": "CARD", "source": "Stripe", "source_id": _payment_intent(order)}
    return _without_empty(
        {
            "idempotency_key": key,
            "source_id": "EXTERNAL",
            "amount_money": money(order, order.total_minor - order.tip_minor),
            "tip_money": money(order, order.tip_minor) if order.tip_minor else {},
            "location_id": order.restaurant.pos_location,
            "reference_id": str(order.public_id),
            "external_details": _without_empty(details),
        }
    )


def money(order: Order, minor: int) -> Document:
    """
    An amount of the order's currency as Square writes it.
    """
    return {"amount": minor, "currency": order.currency}


def _line_items(order: Order) -> list[Document]:
    lines = sorted(order.lines.all(), key=lambda line: line.pk)
    return [_line_item(order, line, first=number == 0) for number, line in enumerate(lines)]


def _line_item(order: Order, line: OrderLine, *, first: bool) -> Document:
    return _without_empty(
        {
            "uid": f"line-{line.pk}",
            "name": line.name,
            "variation_name": line.size,
            "quantity": str(line.quantity),
            "base_price_money": money(order, line.price_minor),
            "note": "; ".join(filter(None, [_note_at_table(order) if first else "", line.note])),
        }
    )


def _note_at_table(order: Order) -> str:
    # An order eaten here has no fulfilment that could carry its note ("no nuts!"), and Square's order has no note
    # of its own, so the kitchen reads it, and the table, on the first line.
    if order.service_type != ServiceType.DINE_IN:
        return ""
    table = f"table {order.table}" if order.table else ""
    note = f"whole order: {order.note}" if order.note else ""
    return "; ".join(filter(None, [table, note]))


def _discounts(order: Order) -> list[Document]:
    if not order.discount_minor:
        return []
    amount = money(order, order.discount_minor)
    return [
        {
            "uid": "discount",
            "name": "Discount",
            "type": "FIXED_AMOUNT",
            "scope": "ORDER",
            "amount_money": amount,
        }
    ]


def _fulfillments(order: Order) -> list[Document]:
    if order.service_type == ServiceType.PICKUP:
        details = _details(order, due="pickup_at")
        return [{"uid": "fulfillment", "type": "PICKUP", "state": "PROPOSED", "pickup_details": details}]
    if order.service_type == ServiceType.DELIVERY:
        details = _details(order, due="deliver_at")
        return [{"uid": "fulfillment", "type": "DELIVERY", "state": "PROPOSED", "delivery_details": details}]
    return []


def _details(order: Order, *, due: str) -> Document:
    wanted = order.wanted_at
    return _without_empty(
        {
            "recipient": {"display_name": (order.customer.first_name if order.customer else "") or SOMEBODY},
            "schedule_type": "SCHEDULED" if wanted else "ASAP",
            due: wanted.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            if wanted
            else "",
            "note": order.note,
        }
    )


def _payment_intent(order: Order) -> str:
    try:
        return order.payment.payment_intent
    except ObjectDoesNotExist:  # paid in another way than by our webhook
        return order.payment_intent


def _without_empty(parts: Document) -> Document:
    return {name: part for name, part in parts.items() if part not in ("", [], {}, None)}
