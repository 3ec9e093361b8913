"""
The guest's bank asks the money back. We show it; what to do is a person's decision.
"""

from datetime import UTC, datetime

from django.db import transaction

from orders.models import Dispute, DisputeStatus, Order, OrderStatus, Payment
from payments.booked import Booked
from payments.facts import DisputeTold


def book_dispute(*, order_id: int, told: DisputeTold, told_at: datetime) -> Booked:
    """
    Record how a dispute stands; what we know already, or is older than what we know, changes nothing.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
        if order.status == OrderStatus.PENDING_PAYMENT:
            return Booked.TOO_EARLY
        if not Payment.objects.filter(order=order, payment_intent=told.payment_intent).exists():
            return Booked.IN_REVIEW  # of money that we never booked: a person looks at both
        dispute = Dispute.objects.filter(stripe_id=told.dispute).first()
        if dispute is None:
            _record(order, told, told_at)
        elif not dispute.close(DisputeStatus(told.status), at=told_at):
            return Booked.KNOWN
    return Booked.DONE


def _record(order: Order, told: DisputeTold, told_at: datetime) -> Dispute:
    return Dispute.objects.create(
        order=order,
        stripe_id=told.dispute,
        amount_minor=told.amount_minor,
        currency=told.currency,
        status=told.status,
        reason=told.reason,
        opened_at=datetime.fromtimestamp(told.opened_at, UTC),
        closed_at=None if told.status == DisputeStatus.OPEN else told_at,
    )
