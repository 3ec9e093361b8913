"""
The bodies of the requests that the till takes.
"""

from devtools.till.schema import Choice, Flag, Labels, Many, Moment, Shape, Text, Whole
from devtools.till.shapes import (
    ADDRESS,
    DISCOUNT,
    DURATION,
    FULFILLMENT,
    FULFILLMENT_UPDATE,
    LINE_ITEM,
    MONEY,
    SERVICE_CHARGE,
    TAX,
    read_only,
)

LONGEST_ORDER_KEY = 192
LONGEST_PAYMENT_KEY = 45
LARGEST_PAGE = 1000
LOCATION_ID = Text(shortest=1, longest=50)
ORDER_ID = Text(shortest=1, longest=192)

ORDER = Shape(
    fields={
        "location_id": LOCATION_ID,
        "reference_id": Text(longest=40),
        "source": Shape(fields={"name": Text(longest=255)}),
        "customer_id": Text(longest=191),
        "line_items": Many(of=LINE_ITEM, most=500),
        "taxes": Many(of=TAX, most=100),
        "discounts": Many(of=DISCOUNT, most=100),
        "service_charges": Many(of=SERVICE_CHARGE, most=100),
        "fulfillments": Many(of=FULFILLMENT, most=1),
        "metadata": Labels(),
        "state": Choice(("OPEN",)),
        "ticket_name": Text(longest=30),
        "pricing_options": Shape(fields={"auto_apply_discounts": Flag(), "auto_apply_taxes": Flag()}),
        **read_only("id", "version", "created_at", "updated_at", "closed_at", "tenders", "refunds"),
        **read_only("returns", "return_amounts", "net_amounts", "rounding_adjustment", "rewards"),
        **read_only("total_money", "total_tax_money", "total_discount_money", "total_tip_money"),
        **read_only("total_service_charge_money", "net_amount_due_money"),
    },
    required=("location_id",),
)

CREATE_ORDER = Shape(
    fields={"idempotency_key": Text(shortest=1, longest=LONGEST_ORDER_KEY), "order": ORDER},
    required=("order",),
)

UPDATE_ORDER = Shape(
    fields={
        "idempotency_key": Text(shortest=1, longest=LONGEST_ORDER_KEY),
        "order": Shape(
            fields={
                "location_id": LOCATION_ID,
                "version": Whole(),
                "state": Choice(("OPEN", "COMPLETED", "CANCELED")),
                "fulfillments": Many(of=FULFILLMENT_UPDATE, most=10),
            },
            required=("location_id", "version"),
        ),
    },
    required=("order",),
)

EXTERNAL_TYPES = (
    *("CHECK", "BANK_TRANSFER", "OTHER_GIFT_CARD", "CRYPTO", "SQUARE_CASH", "SOCIAL", "EXTERNAL"),
    *("EMONEY", "CARD", "STORED_BALANCE", "FOOD_VOUCHER", "OTHER"),
)

EXTERNAL_DETAILS = Shape(
    fields={
        "type": Choice(EXTERNAL_TYPES),
        "source": Text(shortest=1, longest=255),
        "source_id": Text(longest=255),
        "source_fee_money": MONEY,
    },
    required=("type", "source"),
)

CREATE_PAYMENT = Shape(
    fields={
        "source_id": Text(shortest=1, longest=255),
        "idempotency_key": Text(shortest=1, longest=LONGEST_PAYMENT_KEY),
        "amount_money": MONEY,
        "tip_money": MONEY,
        "order_id": ORDER_ID,
        "external_details": EXTERNAL_DETAILS,
        "location_id": LOCATION_ID,
        "reference_id": Text(longest=40),
        "note": Text(longest=500),
        "customer_id": Text(longest=191),
        "team_member_id": Text(longest=192),
        "autocomplete": Flag(),
        "accept_partial_authorization": Flag(),
        "delay_duration": DURATION,
        "delay_action": Choice(("CANCEL", "COMPLETE")),
        "verification_token": Text(longest=1000),
        "buyer_email_address": Text(longest=255),
        "buyer_phone_number": Text(longest=17),
        "billing_address": ADDRESS,
        "shipping_address": ADDRESS,
        "statement_description_identifier": Text(longest=20),
    },
    required=("source_id", "idempotency_key", "amount_money"),
)

TIME_RANGE = Shape(fields={"start_at": Moment(), "end_at": Moment()})
STATES = ("OPEN", "COMPLETED", "CANCELED", "DRAFT")

SEARCH_FILTER = Shape(
    fields={
        "state_filter": Shape(
            fields={"states": Many(of=Choice(STATES), least=1, most=4)}, required=("states",)
        ),
        "date_time_filter": Shape(
            fields={"created_at": TIME_RANGE, "updated_at": TIME_RANGE, "closed_at": TIME_RANGE}
        ),
    }
)

SEARCH_SORT = Shape(
    fields={
        "sort_field": Choice(("CREATED_AT", "UPDATED_AT", "CLOSED_AT")),
        "sort_order": Choice(("DESC", "ASC")),
    },
    required=("sort_field",),
)

SEARCH_ORDERS = Shape(
    fields={
        "location_ids": Many(of=LOCATION_ID, least=1, most=10),
        "cursor": Text(longest=1000),
        "query": Shape(fields={"filter": SEARCH_FILTER, "sort": SEARCH_SORT}),
        "limit": Whole(least=1, most=LARGEST_PAGE),
        "return_entries": Flag(),
    },
    required=("location_ids",),
)

BATCH_RETRIEVE = Shape(
    fields={"location_id": LOCATION_ID, "order_ids": Many(of=ORDER_ID, least=1, most=100)},
    required=("order_ids",),
)
