"""
Stripe's Dispute: a guest's bank takes the money back.
"""

from typing import Any

from devtools.stripe_sender.api_version import lists_charges
from devtools.stripe_sender.sale import Sale

TWO_WEEKS = 14 * 24 * 60 * 60
FEE = 1500
EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def dispute(
    sale: Sale, *, status: str, reason: str, amount: int, created: int, api_version: str
) -> dict[str, Any]:
    """
    Write the sale's dispute.
    """
    new = not lists_charges(api_version)
    written: dict[str, Any] = {
        "id": sale.id_of("du_1", "dispute"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [withdrawal(sale, amount=amount, created=created)],
        "charge": sale.charge,
        "created": created,
        "currency": sale.currency,
        "evidence": dict.fromkeys(EVIDENCE) | ({"enhanced_evidence": {}} if new else {}),
        "evidence_details": evidence_details(created=created, new=new),
        "is_charge_refundable": False,
        "livemode": sale.livemode,
        "metadata": {},
        "payment_intent": sale.payment_intent,
        "payment_method_details": {"card": card(sale), "type": "card"},
        "reason": reason,
        "status": status,
    }
    if new:
        return {**written, "enhanced_eligibility_types": []}
    return {**written, "balance_transaction": sale.id_of("txn_1", "dispute")}


def card(sale: Sale) -> dict[str, Any]:
    return {
        "brand": sale.card_brand,
        "case_type": "chargeback",
        "network": sale.card_brand,
        "network_reason_code": "10.4",
    }


def evidence_details(*, created: int, new: bool) -> dict[str, Any]:
    details: dict[str, Any] = {
        "due_by": created + TWO_WEEKS,
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
    }
    return details | ({"enhanced_eligibility": {}, "submission_method": "not_submitted"} if new else {})


def withdrawal(sale: Sale, *, amount: int, created: int) -> dict[str, Any]:
    return {
        "id": sale.id_of("txn_1", "dispute"),
        "object": "balance_transaction",
        "amount": -amount,
        "available_on": created,
        "created": created,
        "currency": sale.currency,
        "description": f"Chargeback withdrawal for {sale.charge}",
        "exchange_rate": None,
        "fee": FEE,
        "fee_details": [
            {"amount": FEE, "application": None, "currency": sale.currency, "type": "stripe_fee"}
        ],
        "net": -amount - FEE,
        "reporting_category": "dispute",
        "source": sale.id_of("du_1", "dispute"),
        "status": "pending",
        "type": "adjustment",
    }
