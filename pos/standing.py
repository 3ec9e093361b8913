"""
How an order stands at Square, read from its answer: can the kitchen still be stopped?
"""

from enum import StrEnum

from pos.answers import AnswerUnreadable, Document

COOKED = frozenset({"PREPARED", "COMPLETED"})
STOPPED = frozenset({"CANCELED", "FAILED"})


class Standing(StrEnum):
    """
    What is left to do about an order that shall be cancelled; the value is what the step reports.
    """

    OPEN = "open"
    CANCELLED = "already cancelled"
    PREPARED = "too late: already prepared"
    CLOSED = "too late: already closed"  # eaten here: Square closes such an order with its payment


def standing(order: Document) -> Standing:
    """
    How it stands. A paid order is never CANCELED itself at Square: only its fulfilment is.
    """
    states = {fulfillment["state"] for fulfillment in _fulfillments(order)}
    if order.get("state") == "CANCELED":
        return Standing.CANCELLED
    if states & COOKED:
        return Standing.PREPARED
    if wish(order) and order.get("state") != "COMPLETED":
        return Standing.OPEN
    return Standing.CANCELLED if states else Standing.CLOSED


def wish(order: Document) -> Document:
    """
    What has to change at the till: each open fulfilment, and the order itself where nothing is paid on it.
    """
    fulfillments = [
        {"uid": fulfillment["uid"], "state": "CANCELED"}
        for fulfillment in _fulfillments(order)
        if fulfillment["state"] not in STOPPED
    ]
    return ({"fulfillments": fulfillments} if fulfillments else {}) | (
        {} if order.get("tenders") else {"state": "CANCELED"}
    )


def version(order: Document) -> int:
    """
    The version on which a change is based.
    """
    found = order.get("version")
    if not isinstance(found, int):
        raise AnswerUnreadable("The till's answer holds no version of the order.")
    return found


def _fulfillments(order: Document) -> list[Document]:
    found = order.get("fulfillments", [])
    if not isinstance(found, list) or not all(_is_readable(fulfillment) for fulfillment in found):
        raise AnswerUnreadable("The till's answer holds no readable fulfillments.")
    return found


def _is_readable(fulfillment: object) -> bool:
    return isinstance(fulfillment, dict) and all(
        isinstance(fulfillment.get(name), str) for name in ("uid", "state")
    )
