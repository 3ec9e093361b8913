"""
The card a sale is paid with, as it stands in a charge and in a payment method.
"""

from typing import Any

from devtools.stripe_sender.api_version import lists_charges
from devtools.stripe_sender.sale import Sale

NOWHERE = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
CHECKS = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
GUEST_EMAIL = "guest@home.example"
GUEST_NAME = "Jenny Rosen"


def billing_details(*, api_version: str) -> dict[str, Any]:
    """
    Tell who pays: little, as with a wallet or a terminal.
    """
    details = {"address": dict(NOWHERE), "email": GUEST_EMAIL, "name": GUEST_NAME, "phone": None}
    return details if lists_charges(api_version) else {**details, "tax_id": None}


def card_on_charge(sale: Sale, *, amount: int, api_version: str) -> dict[str, Any]:
    """
    Tell the charge's `payment_method_details`.
    """
    card: dict[str, Any] = {
        "brand": sale.card_brand,
        "checks": dict(CHECKS),
        "country": "US",
        "exp_month": 12,
        "exp_year": 2030,
        "fingerprint": sale.id_of("", "fingerprint")[:16],
        "funding": "credit",
        "installments": None,
        "last4": sale.card_last4,
        "mandate": None,
        "network": sale.card_brand,
        "network_token": {"used": False},
        "three_d_secure": None,
        "wallet": None,
    }
    if not lists_charges(api_version):
        card |= since_2022(amount=amount, network_transaction_id=sale.id_of("", "network")[:15])
    return {"card": card, "type": "card"}


def since_2022(*, amount: int, network_transaction_id: str) -> dict[str, Any]:
    return {
        "amount_authorized": amount,
        "authorization_code": "123456",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "multicapture": {"status": "unavailable"},
        "network_transaction_id": network_transaction_id,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
    }


def payment_method(sale: Sale, *, created: int, api_version: str) -> dict[str, Any]:
    """
    Tell the whole payment method, as it stands in `last_payment_error`.
    """
    return {
        "id": sale.id_of("pm_1", "payment_method"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": billing_details(api_version=api_version),
        "card": {
            "brand": sale.card_brand,
            "checks": dict(CHECKS),
            "country": "US",
            "display_brand": sale.card_brand,
            "exp_month": 12,
            "exp_year": 2030,
            "fingerprint": sale.id_of("", "fingerprint")[:16],
            "funding": "credit",
            "generated_from": None,
            "last4": sale.card_last4,
            "networks": {"available": [sale.card_brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": created,
        "customer": None,
        "livemode": sale.livemode,
        "metadata": {},
        "type": "card",
    }
