"""
The webhooks that are compared, and what each must have left behind for every order.
"""

from dataclasses import dataclass

from benchmarks.place import Place

PAID = "SELECT count(*) FROM orders_order WHERE status = 'paid'"
PROMISED = "SELECT count(*) FROM pipeline_steprun WHERE due_at IS NOT NULL"
PAYMENTS = "SELECT count(*) FROM orders_payment"
KEPT = "SELECT count(*) FROM payments_stripeevent WHERE state = 'handled'"


class NotAllThere(RuntimeError):
    """
    A webhook said yes and did not do it: what was measured means nothing.
    """


@dataclass(frozen=True, kw_only=True)
class Mode:
    """
    One webhook. `messages` and `promises` are per order.
    """

    name: str
    path: str
    requests: int
    pays: bool = True
    messages: int = 0
    promises: int = 0

    def audit(self, place: Place, orders: int) -> None:
        """
        Is every order paid, and does everything wait that follows? Raises NotAllThere.
        """
        with place.broker() as broker:
            # One list for each priority, and Celery's binding of the queue beside them.
            lists = broker.keys("peer*")
            waiting = sum(int(broker.llen(name)) for name in lists)
        found = {"messages": waiting, **{name: place.rows(ask)[0][0] for name, ask in ASKED.items()}}
        wanted = {
            "messages": self.messages * orders,
            "paid orders": orders if self.pays else 0,
            "promises": self.promises * orders,
            "payments": orders if self.promises else 0,
            "events": orders if self.promises else 0,
        }
        if found != wanted:
            raise NotAllThere(f"{self.name}: there are {found}, there should be {wanted}.")


ASKED = {"paid orders": PAID, "promises": PROMISED, "payments": PAYMENTS, "events": KEPT}
OURS = Mode(name="ours", path="/payments/webhooks/stripe/", requests=3_000, promises=6)
SIX = Mode(name="ORM + 6 x .delay", path="/six/", requests=1_000, messages=6)
OTHERS = (
    Mode(name="verify and parse", path="/verify/", requests=3_000, pays=False),
    Mode(name="ORM transaction", path="/orm/", requests=1_500),
    Mode(name="ORM + 1 x .delay", path="/one/", requests=1_000, messages=1),
)
