"""
The API versions in which events are written. An endpoint has one for life; ours must read both.
"""

WITH_CHARGES = "2022-08-01"  # a PaymentIntent lists its charges, a charge lists its refunds
CURRENT = "2026-10-28.endive"  # a PaymentIntent names its latest charge only
API_VERSIONS = (WITH_CHARGES, CURRENT)

CHARGES_ARE_GONE_SINCE = (
    "2022-11-15"  # https://docs.stripe.com/changelog: "charges" and "refunds" removed that day
)


def lists_charges(api_version: str) -> bool:
    """
    Is this a version in which objects still carry lists of their charges and refunds?
    """
    return api_version < CHARGES_ARE_GONE_SINCE


def has_invoice(api_version: str) -> bool:
    """
    Is this a version in which a PaymentIntent and a Charge still name an invoice (until 2025-03-31.basil)?
    """
    return api_version < "2025-03-31"
