"""
The shapes of the requests that the till takes, field by field, as Square's API reference gives them.
"""

from devtools.till.schema import Choice, Flag, Labels, Many, Moment, ReadOnly, Rule, Shape, Text, Whole

HIGHEST_AMOUNT = 99_999_999_99  # in minor units; keeps every sum far below what SQLite can hold
UID = Text(shortest=1, longest=60)
CATALOG: dict[str, Rule] = {"catalog_object_id": Text(shortest=1, longest=192), "catalog_version": Whole()}
PERCENTAGE = Text(shortest=1, longest=10, pattern=r"\d+(\.\d+)?")
QUANTITY = Text(shortest=1, longest=12, pattern=r"(?=.*[1-9])\d+(\.\d{1,5})?")
DURATION = Text(longest=64, pattern=r"P(?=[\dT])(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?")


def read_only(*names: str) -> dict[str, Rule]:
    """Name fields that only Square may fill in."""
    return dict.fromkeys(names, ReadOnly())


MONEY = Shape(
    fields={"amount": Whole(most=HIGHEST_AMOUNT), "currency": Text(longest=3, pattern="[A-Z]{3}")},
    required=("amount", "currency"),
)

ADDRESS = Shape(
    fields={
        "address_line_1": Text(longest=500),
        "address_line_2": Text(longest=500),
        "address_line_3": Text(longest=500),
        "locality": Text(longest=300),
        "sublocality": Text(longest=300),
        "administrative_district_level_1": Text(longest=200),
        "administrative_district_level_2": Text(longest=200),
        "postal_code": Text(longest=12),
        "country": Text(longest=2, pattern="[A-Z]{2}"),
        "first_name": Text(longest=300),
        "last_name": Text(longest=300),
    }
)

# --- the parts of an order

APPLIED_TAX = Shape(
    fields={"uid": UID, "tax_uid": UID, "auto_applied": Flag(), **read_only("applied_money")},
    required=("tax_uid",),
)

APPLIED_DISCOUNT = Shape(
    fields={"uid": UID, "discount_uid": UID, **read_only("applied_money")}, required=("discount_uid",)
)

MODIFIER = Shape(
    fields={
        "uid": UID,
        **CATALOG,
        "name": Text(longest=255),
        "quantity": QUANTITY,
        "base_price_money": MONEY,
        "metadata": Labels(),
        **read_only("total_price_money"),
    }
)

LINE_ITEM = Shape(
    fields={
        "uid": UID,
        **CATALOG,
        "name": Text(longest=512),
        "quantity": QUANTITY,
        "note": Text(longest=2000),
        "variation_name": Text(longest=400),
        "item_type": Choice(("ITEM", "CUSTOM_AMOUNT")),
        "metadata": Labels(),
        "modifiers": Many(of=MODIFIER, most=500),
        "applied_taxes": Many(of=APPLIED_TAX, most=100),
        "applied_discounts": Many(of=APPLIED_DISCOUNT, most=100),
        "base_price_money": MONEY,
        **read_only("gross_sales_money", "variation_total_price_money", "total_tax_money"),
        **read_only("total_discount_money", "total_service_charge_money", "total_money"),
    },
    required=("quantity",),
)

TAX = Shape(
    fields={
        "uid": UID,
        **CATALOG,
        "name": Text(longest=255),
        "type": Choice(("ADDITIVE", "INCLUSIVE")),
        "percentage": PERCENTAGE,
        "scope": Choice(("ORDER", "LINE_ITEM")),
        "metadata": Labels(),
        **read_only("applied_money", "auto_applied"),
    },
    required=("percentage",),
)

DISCOUNT = Shape(
    fields={
        "uid": UID,
        **CATALOG,
        "name": Text(longest=255),
        "type": Choice(("FIXED_PERCENTAGE", "FIXED_AMOUNT", "VARIABLE_PERCENTAGE", "VARIABLE_AMOUNT")),
        "percentage": PERCENTAGE,
        "amount_money": MONEY,
        "scope": Choice(("ORDER", "LINE_ITEM")),
        "metadata": Labels(),
        **read_only("applied_money", "reward_ids", "pricing_rule_id"),
    }
)

SERVICE_CHARGE = Shape(
    fields={
        "uid": UID,
        **CATALOG,
        "name": Text(longest=512),
        "percentage": PERCENTAGE,
        "amount_money": MONEY,
        "calculation_phase": Choice(("SUBTOTAL_PHASE", "TOTAL_PHASE")),
        "taxable": Flag(),
        "applied_taxes": Many(of=APPLIED_TAX, most=100),
        "treatment_type": Choice(("LINE_ITEM_TREATMENT",)),
        "scope": Choice(("ORDER",)),
        "metadata": Labels(),
        **read_only("applied_money", "total_money", "total_tax_money", "type"),
    }
)

RECIPIENT = Shape(
    fields={
        "customer_id": Text(longest=191),
        "display_name": Text(longest=255),
        "email_address": Text(longest=255),
        "phone_number": Text(longest=17),
        "address": ADDRESS,
    }
)

PICKUP_DETAILS = Shape(
    fields={
        "recipient": RECIPIENT,
        "expires_at": Moment(),
        "auto_complete_duration": DURATION,
        "schedule_type": Choice(("SCHEDULED", "ASAP")),
        "pickup_at": Moment(),
        "pickup_window_duration": DURATION,
        "prep_time_duration": DURATION,
        "note": Text(longest=500),
        "is_curbside_pickup": Flag(),
        "curbside_pickup_details": Shape(fields={"curbside_details": Text(longest=250)}),
        **read_only("placed_at", "accepted_at", "rejected_at", "ready_at", "expired_at"),
        **read_only("picked_up_at", "canceled_at", "cancel_reason"),
    }
)

DELIVERY_DETAILS = Shape(
    fields={
        "recipient": RECIPIENT,
        "schedule_type": Choice(("SCHEDULED", "ASAP")),
        "deliver_at": Moment(),
        "prep_time_duration": DURATION,
        "delivery_window_duration": DURATION,
        "note": Text(longest=550),
        "dropoff_notes": Text(longest=550),
        "is_no_contact_delivery": Flag(),
        "courier_pickup_at": Moment(),
        "courier_provider_name": Text(longest=255),
        "courier_support_phone_number": Text(longest=17),
        "external_delivery_id": Text(longest=50),
        **read_only("placed_at", "completed_at", "in_progress_at", "rejected_at", "ready_at"),
        **read_only("delivered_at", "canceled_at", "cancel_reason", "square_delivery_id"),
    }
)

FULFILLMENT_STATE = Choice(("PROPOSED", "RESERVED", "PREPARED", "COMPLETED", "CANCELED", "FAILED"))

FULFILLMENT = Shape(
    fields={
        "uid": UID,
        "type": Choice(("PICKUP", "DELIVERY")),
        "state": FULFILLMENT_STATE,
        "metadata": Labels(),
        "pickup_details": PICKUP_DETAILS,
        "delivery_details": DELIVERY_DETAILS,
    },
    required=("type",),
)

FULFILLMENT_UPDATE = Shape(fields={"uid": UID, "state": FULFILLMENT_STATE}, required=("uid", "state"))
