"""
Stripe's Checkout Session: the payment page a guest was sent to.
"""

from typing import Any

from devtools.stripe_sender.api_version import lists_charges
from devtools.stripe_sender.objects.card import GUEST_EMAIL, GUEST_NAME, NOWHERE
from devtools.stripe_sender.sale import Sale

ONE_DAY = 24 * 60 * 60
SHOP = "https://restaurant.example"


def checkout_session(
    sale: Sale, *, status: str, payment_status: str, paid_by: str = "card", created: int, api_version: str
) -> dict[str, Any]:
    """
    Write a session in payment mode. `status`: open, complete or expired; `payment_status`: paid or unpaid.
    """
    left_early = status != "complete"
    written = {
        **identity(sale, created=created),
        **what_is_asked(),
        "customer_details": None if left_early else customer_details(api_version=api_version),
        # Since 2022-08-01 the PaymentIntent comes into being only when the guest confirms.
        "payment_intent": None if left_early else sale.payment_intent,
        "payment_method_types": [paid_by],
        "payment_status": payment_status,
        "status": status,
        "url": f"https://checkout.stripe.com/c/pay/{sale.session}" if status == "open" else None,
    }
    return written | of_version(api_version=api_version)


def identity(sale: Sale, *, created: int) -> dict[str, Any]:
    return {
        "id": sale.session,
        "object": "checkout.session",
        "amount_subtotal": sale.amount,
        "amount_total": sale.amount,
        "cancel_url": f"{SHOP}/basket",
        "client_reference_id": sale.order_reference,
        "created": created,
        "currency": sale.currency,
        "customer": None,
        "customer_creation": "if_required",
        "customer_email": None,
        "expires_at": created + ONE_DAY,
        "livemode": sale.livemode,
        "metadata": {"order_id": sale.order_reference},
        "mode": "payment",
        "success_url": f"{SHOP}/thanks?session_id={{CHECKOUT_SESSION_ID}}",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    }


def what_is_asked() -> dict[str, Any]:
    return {
        "after_expiration": None,
        "allow_promotion_codes": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "client_secret": None,
        "consent": None,
        "consent_collection": None,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "invoice": None,
        "invoice_creation": {"enabled": False, "invoice_data": invoice_data()},
        "locale": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "submit_type": None,
        "subscription": None,
    }


def invoice_data() -> dict[str, Any]:
    return {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": None,
        "metadata": {},
        "rendering_options": None,
    }


def customer_details(*, api_version: str) -> dict[str, Any]:
    details: dict[str, Any] = {
        "address": {**NOWHERE, "country": "US", "postal_code": "94107"},
        "email": GUEST_EMAIL,
        "name": GUEST_NAME,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    return (
        details if lists_charges(api_version) else {**details, "business_name": None, "individual_name": None}
    )


def of_version(*, api_version: str) -> dict[str, Any]:
    if lists_charges(api_version):
        return {"shipping_details": None, "ui_mode": "hosted"}
    return {
        "adaptive_pricing": {"enabled": True},
        "branding_settings": None,
        "collected_information": {"business_name": None, "individual_name": None, "shipping_details": None},
        "customer_account": None,
        "discounts": [],
        "excluded_payment_method_types": None,
        "integration_identifier": None,
        "origin_context": None,
        "permissions": None,
        "presentment_details": None,
        "ui_mode": "hosted_page",
        "wallet_options": None,
    }
