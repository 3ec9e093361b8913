"""
The dangerous places: where a process that dies, stands still or fails leaves something half done.

Each has a name and exactly one call in the product, so that a test can let a process die at every one of them. Outside
of isolated runs (see `CRASH_AT` in the settings) a call does nothing but find out that nobody listens.
"""

from collections.abc import Callable
from enum import Enum


class Point(Enum):
    """
    One dangerous place: its name, and what is safe and what is not when a process dies there.

    In the order in which an order passes them. tests/architecture/test_crash_points.py finds each call.
    """

    WEBHOOK_SIGNED = ("webhook.signed", "the event is known to be Stripe's; nothing is kept of it")
    EVENT_KEPT = ("event.kept", "the event is written, and nothing that follows from it; not committed")
    ORDER_PAID = ("order.paid", "order and payment are written, the promises are not; not committed")
    PROMISED = ("promised", "everything that follows from the event is written; not committed")
    WEBHOOK_COMMITTED = ("webhook.committed", "all of it is committed, and Stripe has not heard so")
    REFUND_BOOKED = ("refund.booked", "a refund is written, what undoes the steps is not; not committed")
    NUDGING = ("nudging", "something is due, and the dispatcher has not been told")

    DISPATCH_BEGINS = ("dispatch.begins", "the dispatcher has its message, and has looked at nothing")
    TAKEN_BACK = ("dispatch.taken_back", "rows of a worker that is gone are due again; nobody has sent them")
    ROWS_SENT = ("dispatch.rows_sent", "rows are marked as sent and committed; no message is published")
    PUBLISHING = ("dispatch.publishing", "one message is written, others of the same batch are not")
    PUBLISHED = ("dispatch.published", "all messages are with the broker; their dispatcher has not ended")
    UNMATCHED_LOCKED = ("unmatched.locked", "an event without an order is tried again; nothing is changed")
    UNMATCHED_BOOKED = ("unmatched.booked", "its order has turned up and is paid; not committed")

    REVERSAL_SORTED = (
        "reversal.sorted",
        "it is known that there is something to undo; nobody has claimed it",
    )
    CLAIMED = ("claimed", "a worker holds the claim and has counted the attempt; nothing is done")
    FENCED = ("inside.fenced", "rows are marked as done, their effects are not written; not committed")
    EFFECTS_WRITTEN = ("inside.effects_written", "rows are done and their effects are written; not committed")
    INSIDE_COMMITTED = ("inside.committed", "done and effects are committed; the message is not acknowledged")
    PACKED = ("outside.packed", "the parcels are packed; nothing says that they are about to leave")
    MARKED_SENDING = ("outside.marked_sending", "it is committed that requests leave; none has")
    SENDER_BEGINS = (
        "outside.sender_begins",
        "a sending thread has a parcel, and has said nothing to anybody",
    )
    LETTER_BEGUN = ("letter.begun", "the mail server waits for the letter; none of it has left")
    LETTER_ACCEPTED = ("letter.accepted", "the mail server has taken the letter; only this thread knows")
    TILL_HAS_ORDER = ("till.has_order", "the till has the order, and not its payment")
    ANSWERS_CAME = ("outside.answers_came", "the other side has answered; the rows do not say so")
    OUTSIDE_FINISHED = ("outside.finished", "the rows say what was answered; the message is not acknowledged")

    FAILING = ("attempt.failing", "an attempt came to nothing; its row does not say so")
    FAILED = ("attempt.failed", "its row waits or is buried; the message is not acknowledged")
    POSTPONING = ("attempt.postponing", "the other side wants to be left alone; the row does not say so")
    POSTPONED = ("attempt.postponed", "the row is given back untried; the message is not acknowledged")

    def __init__(self, title: str, meaning: str) -> None:
        self.title = title
        self.meaning = meaning


Listener = Callable[[Point, str], None]
_listener: Listener | None = None


def crash_point(point: Point, step: str = "") -> None:
    """
    Pass a dangerous place, in the work of this step where there is one.
    """
    if _listener is not None:
        _listener(point, step)


def listen(listener: Listener | None) -> None:
    """
    Let somebody hear of each point that this process passes, and do there what it likes; None: nobody.
    """
    global _listener  # noqa: PLW0603 - one for the process, so that a call costs next to nothing
    _listener = listener
