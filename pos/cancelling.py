"""
How an order is cancelled at the till: no parcel touches the database.
"""

from dataclasses import dataclass
from datetime import datetime

from pipeline.failures import UnknownOutcome
from pipeline.steps import Attempt, Report
from pos.answer_table import ChangedMeanwhile, NotAtTill, TillRefusedOrder
from pos.answers import AlreadyAtTill, Document, part
from pos.client import Visit
from pos.look_up import find_order
from pos.standing import Standing, standing, version, wish

TRIES = 3  # within one attempt; each has to be based on a newer version of the order


class StillOpenAtTill(UnknownOutcome):
    """
    The till said yes to the cancellation, but its order is still to be cooked.
    """


@dataclass(frozen=True, kw_only=True)
class NothingToCancel:
    """
    Nothing to send: the food is still wanted, or the till has never heard of the order.
    """

    def send(self, attempt: Attempt) -> Report:  # noqa: ARG002 - all parcels are sent alike
        return {"till": "nothing to cancel"}


@dataclass(frozen=True, kw_only=True)
class CancellationParcel:
    """
    Word for Square's till that one order shall not be cooked. `pos_order_id` is empty where it is not known.
    """

    location_id: str
    reference_id: str
    heard_of_since: datetime
    pos_order_id: str = ""

    def send(self, attempt: Attempt) -> Report:  # noqa: ARG002 - the till itself is asked how the order stands
        """
        Read how the order stands, and cancel it where it is still open. What comes too late is a fact, no failure.
        """
        visit = Visit.begin()
        order = self._order_at_till(visit)
        if order is None:
            return {"till": "never had it"}
        for _ in range(TRIES):
            stands = standing(order)
            if stands is not Standing.OPEN:
                return {"till": str(stands), "pos_order_id": order["id"]}
            changed = self._cancelled_or_changed(visit, order)
            if changed is None:
                return {"till": "cancelled", "pos_order_id": order["id"]}
            order = changed
        raise ChangedMeanwhile(f"The till's order {order['id']} changes faster than we can cancel it.")

    def _order_at_till(self, visit: Visit) -> Document | None:
        if self.pos_order_id:
            try:
                return _read(visit, self.pos_order_id)
            except NotAtTill:
                pass  # a till that forgot its own id, or another till: our id decides
        found = find_order(
            visit, location_id=self.location_id, reference_id=self.reference_id, since=self.heard_of_since
        )
        return found and part({"order": found}, "order")

    def _cancelled_or_changed(self, visit: Visit, order: Document) -> Document | None:
        """
        None once it is cancelled; the order as it stands where somebody else was faster.
        """
        try:
            answer = part(visit.put(f"/v2/orders/{order['id']}", self._body(order)), "order")
        except (ChangedMeanwhile, TillRefusedOrder, AlreadyAtTill):
            changed = _read(visit, order["id"])
            if version(changed) == version(order):
                raise
            return changed
        if standing(answer) is not Standing.CANCELLED:
            raise StillOpenAtTill(f"The till's order {order['id']} is still {standing(answer)}.")
        return None

    def _body(self, order: Document) -> Document:
        # Square answers 200 to a used key and changes nothing, whatever the body says. So each version of the order has
        # a key of its own: the same words have the same key, and other words never do.
        return {
            "idempotency_key": f"cancel-{self.reference_id}-v{version(order)}",
            "order": {"location_id": self.location_id, "version": version(order), **wish(order)},
        }


def _read(visit: Visit, pos_order_id: str) -> Document:
    return part(visit.get(f"/v2/orders/{pos_order_id}"), "order")
