"""
Packs fully refunded orders, for the till to forget about.
"""

from collections.abc import Sequence

from orders.models import OrderStatus, PosProvider, Refund
from pipeline.models import StepRun
from pipeline.steps import Parcel
from pos.cancelling import CancellationParcel, NothingToCancel
from pos.models import Ticket
from pos.parcels import NoTillParcel


def cancellations(*, refund_ids: Sequence[int]) -> dict[int, Parcel]:
    """
    Pack a parcel for each refund, with a number of queries that does not grow with theirs.

    Only an order that is refunded in full is cancelled: of any other the guest still wants the rest.
    """
    refunds = _refunds(refund_ids)
    order_ids = [refund.order_id for refund in refunds]
    tickets = Ticket.kept(order_ids)
    ids_at_till = _ids_at_till(order_ids)
    return {
        refund.pk: _parcel(refund, tickets.get(refund.order_id), ids_at_till.get(refund.order_id, ""))
        for refund in refunds
    }


def _refunds(refund_ids: Sequence[int]) -> list[Refund]:
    found = list(Refund.objects.filter(pk__in=refund_ids).select_related("order__restaurant").order_by("pk"))
    if missing := set(refund_ids) - {refund.pk for refund in found}:
        raise Refund.DoesNotExist(f"There are no refunds {sorted(missing)}.")
    return found


def _ids_at_till(order_ids: Sequence[int]) -> dict[int, str]:
    # Whoever has rung an order up says under which id it is there; which of our steps that was does not matter.
    told = (
        StepRun.of_orders(order_ids).filter(report__has_key="pos_order_id").values_list("order_id", "report")
    )
    return {order_id: str(report["pos_order_id"]) for order_id, report in told.order_by("pk") if report}


def _parcel(refund: Refund, ticket: Ticket | None, pos_order_id: str) -> Parcel:
    order = refund.order
    if ticket is None and order.restaurant.pos_provider == PosProvider.NONE:
        return NoTillParcel()
    if ticket is None or order.status != OrderStatus.REFUNDED:
        return NothingToCancel()
    asked = ticket.order_body["order"]
    return CancellationParcel(
        location_id=asked["location_id"],
        reference_id=asked["reference_id"],
        heard_of_since=ticket.since,
        pos_order_id=pos_order_id,
    )
