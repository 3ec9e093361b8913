"""
What is written: the receipt for the guest, the note for the kitchen, the ticket for the till.

Orders and lines are the product's models, or rows of a hand-written statement with the same names.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.template.loader import get_template


def receipt(order: Any, lines: Iterable[Any], *, restaurant: str, guest: str) -> str:
    """
    The receipt, by its template.
    """
    facts = {"order": order, "lines": lines, "restaurant": restaurant, "guest": guest}
    return str(get_template("workload/receipt.txt").render(facts))


def note_for_staff(order: Any, lines: Iterable[Any]) -> str:
    """
    What to cook.
    """
    dishes = ", ".join(f"{line.quantity} x {line.name} {line.size}" for line in lines)
    return f"Order {order.number} ({order.service_type}): {dishes}"


def ticket(order: Any, lines: Iterable[Any]) -> str:
    """
    What the till would be told, as JSON.
    """
    items = [
        {"name": f"{line.name} {line.size}", "quantity": line.quantity, "price": line.price_minor}
        for line in lines
    ]
    return json.dumps({"number": order.number, "total": order.total_minor, "items": items})
