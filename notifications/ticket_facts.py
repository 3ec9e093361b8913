"""
What the kitchen is told: no prices, and of the guest only the first name.
"""

from dataclasses import dataclass

from notifications.wording import AS_SOON_AS_POSSIBLE, day, first_name, one_line, service, zone
from orders.models import Order


@dataclass(frozen=True, kw_only=True)
class Dish:
    """
    A number of portions of one dish.
    """

    quantity: int
    name: str
    size: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """
    One order as the kitchen needs it.
    """

    restaurant: str
    number: str
    service: str
    for_when: str  # 'for 19:05', or as soon as possible
    on_day: str  # 'Sun 2 Nov 2025, EST (UTC-05:00)', or ''
    guest: str
    note: str
    dishes: tuple[Dish, ...]

    @classmethod
    def of(cls, order: Order) -> "Ticket":
        """
        Word an order that is loaded with its restaurant, guest and lines.
        """
        wanted = order.restaurant.local_time(order.wanted_at) if order.wanted_at else None
        return cls(
            restaurant=one_line(order.restaurant.name),
            number=one_line(order.number),
            service=service(order),
            for_when=f"for {wanted:%H:%M}" if wanted else AS_SOON_AS_POSSIBLE,
            on_day=f"{day(wanted)}, {zone(wanted)}" if wanted else "",
            guest=first_name(order.customer),
            note=one_line(order.note),
            dishes=tuple(
                Dish(
                    quantity=line.quantity,
                    name=one_line(line.name),
                    size=one_line(line.size),
                    note=one_line(line.note),
                )
                for line in order.lines.all()
            ),
        )
