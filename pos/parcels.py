"""
What is sent for one order, and how: no parcel touches the database.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.money import Money
from pipeline.crash_points import Point, crash_point
from pipeline.failures import NotNow, PermanentFailure, TemporaryFailure, UnknownOutcome
from pipeline.steps import Attempt, Report
from pos.answer_table import TillRefusedOrder
from pos.answers import AlreadyAtTill, AnswerUnreadable, Document, part
from pos.client import Visit
from pos.look_up import find_order

# Square does not say for how long it remembers a key. Within a day, sending the same request again is the look-up.
KEYS_ARE_REMEMBERED_FOR = timedelta(hours=24)


class TillCountsOtherwise(PermanentFailure):
    """
    The till has the order, but for it the order comes to another amount than the guest paid.
    """


class PaymentStillMissing(UnknownOutcome):
    """
    The till has the order, but not its payment yet: half of it has happened.
    """


class TillRefusedPayment(PermanentFailure):
    """
    The till has the order, but will not take its payment: it stands there unpaid until a person decides.
    """


@dataclass(frozen=True, kw_only=True)
class NoTillParcel:
    """
    Nothing to send: the restaurant has no till.
    """

    def send(self, attempt: Attempt) -> Report:  # noqa: ARG002 - all parcels are sent alike
        return {"till": "none"}


@dataclass(frozen=True, kw_only=True)
class UnsendableParcel:
    """
    An order that could not be packed, and why.
    """

    because: PermanentFailure

    def send(self, attempt: Attempt) -> Report:  # noqa: ARG002 - all parcels are sent alike
        raise self.because


@dataclass(frozen=True, kw_only=True)
class SquareParcel:
    """
    The two requests that ring up one order at Square, exactly as they were first written.
    """

    order_body: Document
    payment_body: Document
    heard_of_since: datetime
    age: timedelta

    def send(self, attempt: Attempt) -> Report:  # noqa: ARG002 - the age decides, see _order_at_till
        """
        Ring the order up, see that the till counts as we do, and record there that it is paid.
        """
        visit = Visit.begin()
        order = self._order_at_till(visit)
        self._check_total(order)
        crash_point(Point.TILL_HAS_ORDER)
        return {"pos_order_id": order["id"], "pos_payment_id": self._payment_at_till(visit, order)}

    def _order_at_till(self, visit: Visit) -> Document:
        # Sending the same words with the same key is safe after any outcome, known or not, for as long as Square
        # remembers the key. After that the order may be there from any earlier attempt, so we look first: also after
        # an attempt that ended "known", for it may have got as far as the order and failed at the payment.
        if self.age > KEYS_ARE_REMEMBERED_FOR and (found := self._found(visit)):
            return found
        try:
            return part(visit.post("/v2/orders", self.order_body), "order")
        except AlreadyAtTill:
            if found := self._found(visit):
                return found
            raise

    def _found(self, visit: Visit) -> Document | None:
        asked = self.order_body["order"]
        found = find_order(
            visit,
            location_id=asked["location_id"],
            reference_id=asked["reference_id"],
            since=self.heard_of_since,
        )
        return found and part({"order": found}, "order")

    def _check_total(self, order: Document) -> None:
        ours = _money(self.payment_body, "amount_money")
        theirs = _before_tip(order)
        if theirs != ours:
            raise TillCountsOtherwise(
                f"The till computes {theirs}, the guest paid {ours}. Its order {order['id']} stands there without a payment."
            )

    def _payment_at_till(self, visit: Visit, order: Document) -> str:
        try:
            return self._recorded_payment(visit, order)
        except TillRefusedOrder as trouble:
            raise TillRefusedPayment(
                f"The till has the order as {order['id']}, but not its payment. {trouble}"
            ) from trouble
        except NotNow as later:
            later.heard_of_it = True
            raise
        except UnknownOutcome:
            raise
        except TemporaryFailure as trouble:
            raise PaymentStillMissing(
                f"The till has the order as {order['id']}, but not its payment. {trouble}"
            ) from trouble

    def _recorded_payment(self, visit: Visit, order: Document) -> str:
        if known := _payment_on(order):
            return known
        try:
            answer = visit.post("/v2/payments", self.payment_body | {"order_id": order["id"]})
        except AlreadyAtTill:
            if known := _payment_on(part(visit.get(f"/v2/orders/{order['id']}"), "order")):
                return known
            raise
        return str(part(answer, "payment")["id"])


def _before_tip(order: Document) -> Money:
    total = _money(order, "total_money")
    if "total_tip_money" not in order:
        return total
    # Once the order is paid, its total holds the tip of the payment.
    return Money(minor=total.minor - _money(order, "total_tip_money").minor, currency=total.currency)


def _payment_on(order: Document) -> str | None:
    """
    The id of the payment that an order shows as paid with; None where anything is due.
    """
    tenders = order.get("tenders")
    if not isinstance(tenders, list) or not tenders or "net_amount_due_money" not in order:
        return None
    if _money(order, "net_amount_due_money").minor:
        return None
    tender = part({"tender": tenders[0]}, "tender")
    return str(tender.get("payment_id") or tender["id"])


def _money(document: Document, name: str) -> Money:
    try:
        return Money(minor=int(document[name]["amount"]), currency=str(document[name]["currency"]))
    except (KeyError, TypeError, ValueError) as trouble:
        raise AnswerUnreadable(f"The till's answer holds no {name}.") from trouble
