"""
Stripe's PaymentIntent: the wish to be paid, and how far it has come.
"""

from typing import Any

from devtools.stripe_sender.api_version import has_invoice, lists_charges
from devtools.stripe_sender.objects.card import payment_method
from devtools.stripe_sender.objects.charge import DECLINED, WHY_DECLINED, charge, listed
from devtools.stripe_sender.sale import Sale

# Which charge stands behind an intent in this state, if any.
CHARGE_STATUS = {
    "succeeded": "succeeded",
    "requires_capture": "succeeded",
    "requires_payment_method": "failed",
}
WITH_PAYMENT_METHOD = ("succeeded", "processing", "requires_capture")


def payment_intent(
    sale: Sale,
    *,
    status: str,
    created: int,
    api_version: str,
    amount_received: int = 0,
    attempted: bool = True,
) -> dict[str, Any]:
    """
    Write a PaymentIntent whose amounts, charges and status agree. `attempted`: has a card been tried?
    """
    by_hand, canceled = status == "requires_capture", status == "canceled"
    return {
        **identity(sale, created=created),
        "amount_capturable": sale.amount if by_hand else 0,
        "amount_received": amount_received,
        "canceled_at": created if canceled else None,
        "cancellation_reason": "abandoned" if canceled else None,
        "capture_method": "manual" if by_hand or 0 < amount_received < sale.amount else "automatic",
        "payment_method": sale.id_of("pm_1", "payment_method") if status in WITH_PAYMENT_METHOD else None,
        "status": status,
        **attempt(
            sale,
            charge_status=CHARGE_STATUS.get(status) if attempted else None,
            amount_received=amount_received,
            created=created,
            api_version=api_version,
        ),
        **({"invoice": None} if has_invoice(api_version) else {"excluded_payment_method_types": None}),
    }


def attempt(
    sale: Sale, *, charge_status: str | None, amount_received: int, created: int, api_version: str
) -> dict[str, Any]:
    failed = charge_status == "failed"
    written: dict[str, Any] = {
        "last_payment_error": card_error(sale, created=created, api_version=api_version) if failed else None,
        "latest_charge": sale.charge if charge_status else None,
    }
    if lists_charges(api_version):
        charges = []
        if charge_status:
            charges.append(
                charge(
                    sale,
                    status=charge_status,
                    amount_captured=amount_received,
                    created=created,
                    api_version=api_version,
                )
            )
        # Stripe renders the old list and the newer latest_charge side by side in the old version.
        written["charges"] = listed(charges, url=f"/v1/charges?payment_intent={sale.payment_intent}")
    return written


def identity(sale: Sale, *, created: int) -> dict[str, Any]:
    return {
        "id": sale.payment_intent,
        "object": "payment_intent",
        "amount": sale.amount,
        "amount_details": {"tip": {}},
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "client_secret": f"{sale.payment_intent}_secret_{sale.id_of('', 'secret')}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": sale.currency,
        "customer": None,
        "description": None,
        "livemode": sale.livemode,
        "metadata": {"order_id": sale.order_reference},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method_options": {"card": card_options()},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "transfer_data": None,
        "transfer_group": None,
    }


def card_options() -> dict[str, Any]:
    return {
        "installments": None,
        "mandate_options": None,
        "network": None,
        "request_three_d_secure": "automatic",
    }


def card_error(sale: Sale, *, created: int, api_version: str) -> dict[str, Any]:
    return {
        "charge": sale.charge,
        "code": DECLINED,
        "decline_code": "generic_decline",
        "doc_url": "https://stripe.com/docs/error-codes/card-declined",
        "message": WHY_DECLINED,
        "payment_method": payment_method(sale, created=created, api_version=api_version),
        "type": "card_error",
    }
