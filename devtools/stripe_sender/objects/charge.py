"""
Stripe's Charge: one attempt to take the money.
"""

from typing import Any

from devtools.stripe_sender.api_version import has_invoice, lists_charges
from devtools.stripe_sender.objects.card import billing_details, card_on_charge
from devtools.stripe_sender.sale import Sale

DECLINED = "card_declined"
WHY_DECLINED = "Your card was declined."


def charge(
    sale: Sale,
    *,
    created: int,
    api_version: str,
    status: str = "succeeded",
    amount_captured: int | None = None,
    amount_refunded: int = 0,
    refunds: list[dict[str, Any]] | None = None,
    disputed: bool = False,
) -> dict[str, Any]:
    """
    Write a charge whose amounts and status agree.
    """
    succeeded = status == "succeeded"
    taken = (sale.amount if succeeded else 0) if amount_captured is None else amount_captured
    written = {
        **identity(sale, created=created),
        "amount": sale.amount,
        "amount_captured": taken,
        "amount_refunded": amount_refunded,
        "balance_transaction": sale.id_of("txn_3", "balance") if taken else None,
        "billing_details": billing_details(api_version=api_version),
        "captured": taken > 0,
        "disputed": disputed,
        "failure_code": None if succeeded else DECLINED,
        "failure_message": None if succeeded else WHY_DECLINED,
        "outcome": outcome(succeeded=succeeded, api_version=api_version),
        "paid": succeeded,
        "payment_method_details": card_on_charge(sale, amount=sale.amount, api_version=api_version),
        "receipt_url": f"https://pay.stripe.com/receipts/payment/{sale.id_of('', 'receipt')}"
        if succeeded
        else None,
        "refunded": 0 < taken <= amount_refunded,
        "status": status,
    }
    return written | of_version(sale, refunds=refunds or [], api_version=api_version)


def identity(sale: Sale, *, created: int) -> dict[str, Any]:
    return {
        "id": sale.charge,
        "object": "charge",
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "calculated_statement_descriptor": "RESTAURANT",
        "created": created,
        "currency": sale.currency,
        "customer": None,
        "description": None,
        "failure_balance_transaction": None,
        "fraud_details": {},
        "livemode": sale.livemode,
        "metadata": {"order_id": sale.order_reference},
        "on_behalf_of": None,
        "payment_intent": sale.payment_intent,
        "payment_method": sale.id_of("pm_1", "payment_method"),
        "radar_options": {},
        "receipt_email": None,
        "receipt_number": None,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "transfer_data": None,
        "transfer_group": None,
    }


def outcome(*, succeeded: bool, api_version: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "network_status": "approved_by_network" if succeeded else "declined_by_network",
        "reason": None if succeeded else "generic_decline",
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "Payment complete."
        if succeeded
        else "The bank did not return any further details.",
        "type": "authorized" if succeeded else "issuer_declined",
    }
    if not lists_charges(api_version):
        told |= {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None if succeeded else "05",
        }
    return told


def of_version(sale: Sale, *, refunds: list[dict[str, Any]], api_version: str) -> dict[str, Any]:
    written: dict[str, Any] = {"presentment_details": None} if not lists_charges(api_version) else {}
    if has_invoice(api_version):
        written |= {"destination": None, "dispute": None, "invoice": None, "order": None}
    if lists_charges(api_version):
        written["refunds"] = listed(refunds, url=f"/v1/charges/{sale.charge}/refunds")
    return written


def listed(entries: list[dict[str, Any]], *, url: str) -> dict[str, Any]:
    """
    Write a list as the older versions embed it.
    """
    return {"object": "list", "data": entries, "has_more": False, "total_count": len(entries), "url": url}
