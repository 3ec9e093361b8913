"""
What the till is told, kept word for word.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Least, Now

from orders.models import Order, PosProvider


class Ticket(models.Model):
    """
    The two requests that ring up one order: written once, never changed, sent again as they are.

    A till knows a repeat by its key *and* its body, so a later change of the menu must not reach a repeat.
    """

    order = models.OneToOneField(Order, primary_key=True, on_delete=models.CASCADE, related_name="ticket")
    provider = models.CharField(max_length=20, choices=PosProvider.choices)
    idempotency_key = models.CharField(max_length=45, unique=True)
    order_body = models.JSONField()
    payment_body = models.JSONField(help_text="complete but for the till's own id of the order")
    created_at = models.DateTimeField(db_default=Now())

    # Set by `kept`: since when, and for how long, the till may have heard of it, by the database's clock. That is from the
    # payment on: in a database restored from a backup a ticket may be written a second time.
    since: datetime
    age: timedelta

    def __str__(self) -> str:
        return f"ticket of order {self.order_id}"

    # Factories

    @staticmethod
    def keep(tickets: list["Ticket"]) -> dict[int, "Ticket"]:
        """
        Keep these, and give back what is kept for their orders: another worker may have been first, and the row decides.
        """
        if not tickets:
            return {}
        Ticket.objects.bulk_create(tickets, ignore_conflicts=True)
        return Ticket.kept([ticket.order_id for ticket in tickets])

    # Questions

    @staticmethod
    def kept(order_ids: Sequence[int]) -> dict[int, "Ticket"]:
        """
        The tickets that are kept for these orders.
        """
        since = Least("created_at", "order__paid_at")
        found = Ticket.objects.filter(order_id__in=order_ids).annotate(since=since, age=Now() - since)  # type: ignore[no-redef] # promised above
        return {ticket.order_id: ticket for ticket in found}
