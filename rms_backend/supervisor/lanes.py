"""
Which worker serves which lanes, unless --queues says otherwise.

A till that hangs holds every process that talks to it for up to twenty seconds an order. So each kind of outside call has
a worker of its own, so has `default`, where tasks of any kind arrive, and what only needs our database has another: neither
letters nor counting ever wait for the till. The dispatcher stands alone, because all others wait for it.

One message carries many orders, and a process sends many requests at once; a second process is for the message that takes
long: other restaurants' tills, the kitchen's ticket behind a run of receipts, a task on `default` that calls somebody.
Together these are thirteen processes, which take about 650 MB.
"""

from dataclasses import dataclass

from pipeline.queues import Queue


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """
    The lanes that one worker serves, and with how many processes.
    """

    name: str
    queues: tuple[Queue, ...]
    concurrency: int = 2


DEFAULT_LANES = (
    Lanes(name="dispatcher", queues=(Queue.POST_PAYMENT,), concurrency=1),
    Lanes(name="emails", queues=(Queue.EMAILS,)),
    Lanes(name="pos_sync", queues=(Queue.POS_SYNC,)),
    Lanes(name="counters", queues=(Queue.ANALYTICS, Queue.LOYALTY, Queue.INVENTORY), concurrency=1),
    Lanes(name="default", queues=(Queue.DEFAULT,)),
)


def lanes_of(queues: tuple[Queue, ...]) -> Lanes:
    """
    One worker for all these queues, named after its queue where there is only one.
    """
    return Lanes(name=queues[0].value if len(queues) == 1 else "worker", queues=queues)
