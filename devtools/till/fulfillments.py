"""
How the kitchen stands with an order: the states of a fulfillment, and the ways between them.
"""

from devtools.till.documents import Document
from devtools.till.refusals import bad_request

GOING_ON = ("PROPOSED", "RESERVED", "PREPARED", "COMPLETED")  # only ever forward
STOPPED = ("CANCELED", "FAILED")  # from anywhere that is not the end
AT_REST = ("COMPLETED", *STOPPED)

MOMENTS = {  # the detail that tells when a state began
    "PICKUP": {
        "RESERVED": "accepted_at",
        "PREPARED": "ready_at",
        "COMPLETED": "picked_up_at",
        "CANCELED": "canceled_at",
        "FAILED": "rejected_at",
    },
    "DELIVERY": {
        "RESERVED": "in_progress_at",
        "PREPARED": "ready_at",
        "COMPLETED": "delivered_at",
        "CANCELED": "canceled_at",
        "FAILED": "rejected_at",
    },
}


def moved(fulfillment: Document, state: str, *, at: str, field: str) -> Document:
    """Take a fulfillment to another state; refuse a way that does not exist."""
    stands = fulfillment["state"]
    if state == stands:
        return fulfillment
    if not _leads(stands, state):
        raise bad_request(f"A fulfillment that is {stands} cannot become {state}.", field=field)
    kind = fulfillment["type"]
    details = f"{kind.lower()}_details"
    return {
        **fulfillment,
        "state": state,
        details: {**fulfillment[details], MOMENTS[kind][state]: at},
    }


def all_at_rest(order: Document) -> bool:
    """Is nothing of the order left to do for the kitchen?"""
    return all(fulfillment["state"] in AT_REST for fulfillment in order.get("fulfillments", []))


def _leads(stands: str, state: str) -> bool:
    if stands in AT_REST:
        return False
    return state in STOPPED or GOING_ON.index(state) > GOING_ON.index(stands)
