"""
Stripe's Refund: money on its way back.
"""

from typing import Any

from devtools.stripe_sender.api_version import lists_charges
from devtools.stripe_sender.sale import Sale

WHY_FAILED = "lost_or_stolen_card"


def refund(
    sale: Sale,
    *,
    number: int,
    amount: int,
    status: str,
    created: int,
    api_version: str,
    reason: str | None = None,
) -> dict[str, Any]:
    """
    Write the sale's first, second, … refund.
    """
    written: dict[str, Any] = {
        "id": refund_id(sale, number),
        "object": "refund",
        "amount": amount,
        "balance_transaction": sale.id_of("txn_3", "refund", number),
        "charge": sale.charge,
        "created": created,
        "currency": sale.currency,
        "metadata": {"order_id": sale.order_reference},
        "payment_intent": sale.payment_intent,
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    if not lists_charges(api_version):
        written["destination_details"] = {"card": reference(sale, number=number), "type": "card"}
    if status == "failed":
        written |= {
            "failure_balance_transaction": sale.id_of("txn_3", "failed refund", number),
            "failure_reason": WHY_FAILED,
        }
    return written


def refund_id(sale: Sale, number: int) -> str:
    """
    Tell the id of the sale's first, second, … refund.
    """
    return sale.id_of("re_3", "refund", number)


def reference(sale: Sale, *, number: int) -> dict[str, Any]:
    return {
        "reference": sale.id_of("", "reference", number)[:15],
        "reference_status": "available",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
