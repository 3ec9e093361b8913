"""
Packs paid orders for the till.
"""

from collections.abc import Sequence

from orders.models import Order, PosProvider
from pipeline.failures import PermanentFailure
from pipeline.steps import Parcel
from pos import square_bodies
from pos.models import Ticket
from pos.parcels import NoTillParcel, SquareParcel, UnsendableParcel


class TillNotSupported(PermanentFailure):
    """
    The restaurant has a till that this program cannot talk to.
    """


def tickets(*, order_ids: Sequence[int]) -> dict[int, Parcel]:
    """
    Pack a parcel for each order, with a number of queries that does not grow with theirs.

    What was packed once is sent again word for word, whatever has changed since. An order that cannot be packed
    says so when it is sent, so that it fails alone.
    """
    orders = _orders(order_ids)
    kept = Ticket.kept(order_ids)
    drafts = {order.pk: _draft(order) for order in orders if order.pk not in kept}
    kept |= Ticket.keep([draft for draft in drafts.values() if isinstance(draft, Ticket)])
    parcels: dict[int, Parcel] = {pk: draft for pk, draft in drafts.items() if not isinstance(draft, Ticket)}
    return parcels | {pk: _square_parcel(ticket) for pk, ticket in kept.items()}


def _orders(order_ids: Sequence[int]) -> list[Order]:
    found = list(
        Order.objects.filter(pk__in=order_ids)
        .select_related("restaurant", "customer", "payment")
        .prefetch_related("lines", "taxes")
        .order_by("pk")
    )
    if missing := set(order_ids) - {order.pk for order in found}:
        raise Order.DoesNotExist(f"There are no orders {sorted(missing)}.")
    return found


def _draft(order: Order) -> Ticket | NoTillParcel | UnsendableParcel:
    provider = order.restaurant.pos_provider
    if provider == PosProvider.NONE:
        return NoTillParcel()
    try:
        if provider != PosProvider.SQUARE:
            raise TillNotSupported(
                f"The restaurant's till is {provider!r}. Choose one of {PosProvider.values}."
            )
        return _ticket(order)
    except PermanentFailure as trouble:
        return UnsendableParcel(because=trouble)


def _ticket(order: Order) -> Ticket:
    key = str(order.public_id)
    return Ticket(
        order=order,
        provider=PosProvider.SQUARE,
        idempotency_key=key,
        order_body=square_bodies.order_body(order, key=key),
        payment_body=square_bodies.payment_body(order, key=f"{key}-paid"),
    )


def _square_parcel(ticket: Ticket) -> SquareParcel:
    return SquareParcel(
        order_body=ticket.order_body,
        payment_body=ticket.payment_body,
        heard_of_since=ticket.since,
        age=ticket.age,
    )
