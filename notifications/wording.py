"""
How facts are worded for people: one line of somebody's text, a moment, a tax rate, a service.
"""

import unicodedata
from datetime import datetime
from decimal import Decimal

from orders.models import Customer, Order

AS_SOON_AS_POSSIBLE = "as soon as possible"
# They turn the direction of what follows, so that a text reads differently from what it says.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    """
    Somebody else's text on one line: no line breaks, no control characters, no change of direction.
    """
    if text.isascii() and text.isprintable():  # nearly all text holds none of this
        return " ".join(text.split())
    plain = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text if c not in TURNING
    )
    return " ".join(plain.split())


def several_lines(text: str) -> tuple[str, ...]:
    """
    Somebody else's lines, one by one, without empty ones.
    """
    return tuple(line for line in map(one_line, text.splitlines()) if line)


def first_name(customer: Customer | None) -> str:
    """
    What a guest may be called, '' where we do not know.
    """
    return one_line(customer.name).partition(" ")[0] if customer else ""


def moment(local: datetime) -> str:
    """
    'Sun 2 Nov 2025, 01:30 EST (UTC-05:00)': a local time that cannot be mistaken, not even when clocks change.
    """
    return f"{day(local)}, {local:%H:%M} {zone(local)}"


def day(local: datetime) -> str:
    """
    'Sun 2 Nov 2025'.
    """
    return f"{local:%a} {local.day} {local:%b %Y}"


def zone(local: datetime) -> str:
    """
    'EST (UTC-05:00)'; 'UTC+04:00' where the zone has no abbreviation of its own.
    """
    name, offset = local.tzname() or "UTC", local.strftime("%z")
    if name == "UTC":
        return name
    from_utc = f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{name} ({from_utc})" if name.isalpha() else from_utc


def rate(ppm: int) -> str:
    """
    88750 parts per million → '8.875%'.
    """
    return f"{(Decimal(ppm) / 10_000).normalize():f}%"


def service(order: Order) -> str:
    """
    'Dine in, table 5', 'Pickup' or 'Delivery'.
    """
    kind = order.get_service_type_display().capitalize()
    table = one_line(order.table)
    return f"{kind}, table {table}" if table else kind
