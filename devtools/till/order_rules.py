"""
What must hold between the parts of an order; the shapes alone cannot say it.
"""

from collections.abc import Iterator

from devtools.till.documents import Document
from devtools.till.refusals import RequestRefusedError, SquareError, bad_request, not_found

HIGHEST_TOTAL = 99_999_999_99
HIGHEST_DISCOUNT_PERCENT = 100


def check_order(order: Document, *, currency: str) -> None:
    """Refuse an order whose parts do not fit together."""
    _check_currencies(order, currency=currency)
    _check_uids(order)
    _check_lines(order)
    _check_amounts(order)
    _check_references(order)
    _check_fulfillments(order)


def check_total(total: int) -> None:
    """Refuse an order that comes to more than a till can count."""
    if total > HIGHEST_TOTAL:
        raise bad_request("The order comes to too much.", code="AMOUNT_TOO_HIGH", field="order")


def _check_currencies(order: Document, *, currency: str) -> None:
    for field, amount in _moneys(order, "order"):
        if amount["currency"] != currency:
            detail = f"The currency of this location is {currency}, not {amount['currency']}."
            raise bad_request(detail, code="CURRENCY_MISMATCH", field=f"{field}.currency")


def _moneys(value: object, field: str) -> Iterator[tuple[str, Document]]:
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from _moneys(part, f"{field}[{place}]")
    elif isinstance(value, dict):
        for name, part in value.items():
            if name.endswith("_money"):
                yield f"{field}.{name}", part
            elif name != "metadata":
                yield from _moneys(part, f"{field}.{name}")


def _check_uids(order: Document) -> None:
    for name in ("line_items", "taxes", "discounts", "service_charges", "fulfillments"):
        uids = [part["uid"] for part in order.get(name, []) if "uid" in part]
        if len(uids) != len(set(uids)):
            raise bad_request("Each uid may be used once.", field=f"order.{name}")


def _check_lines(order: Document) -> None:
    for place, line in enumerate(order.get("line_items", [])):
        field = f"order.line_items[{place}]"
        if "name" not in line and "catalog_object_id" not in line:
            raise _missing("A line item needs a name or a catalog_object_id.", field=f"{field}.name")
        if "base_price_money" in line:
            continue
        if "catalog_object_id" in line:
            # This till has no catalogue: a caller that names an item must name its price too.
            raise not_found("There is no such catalog object.", field=f"{field}.catalog_object_id")
        raise _missing("An ad hoc line item needs its price.", field=f"{field}.base_price_money")


def _check_amounts(order: Document) -> None:
    for name in ("discounts", "service_charges"):
        for place, part in enumerate(order.get(name, [])):
            field = f"order.{name}[{place}]"
            if ("percentage" in part) == ("amount_money" in part):
                raise bad_request("Exactly one of percentage and amount_money is needed.", field=field)
            if name == "discounts" and float(part.get("percentage", 0)) > HIGHEST_DISCOUNT_PERCENT:
                raise bad_request("At most 100.", code="VALUE_TOO_HIGH", field=f"{field}.percentage")
    for place, charge in enumerate(order.get("service_charges", [])):
        if charge.get("taxable") and charge.get("calculation_phase") == "TOTAL_PHASE":
            detail = "A service charge of the TOTAL_PHASE cannot be taxable."
            raise bad_request(detail, field=f"order.service_charges[{place}].taxable")


def _check_references(order: Document) -> None:
    for name, uid_name, known in (
        ("applied_taxes", "tax_uid", _uids_of(order, "taxes")),
        ("applied_discounts", "discount_uid", _uids_of(order, "discounts")),
    ):
        for group in ("line_items", "service_charges"):
            for place, part in enumerate(order.get(group, [])):
                if any(applied[uid_name] not in known for applied in part.get(name, [])):
                    detail = f"There is no such {uid_name} in this order."
                    raise bad_request(detail, field=f"order.{group}[{place}].{name}")


def _uids_of(order: Document, name: str) -> set[str]:
    return {part["uid"] for part in order.get(name, []) if "uid" in part}


def _check_fulfillments(order: Document) -> None:
    for fulfillment in order.get("fulfillments", []):
        kind = fulfillment["type"].lower()
        field = f"order.fulfillments[0].{kind}_details"
        details = fulfillment.get(f"{kind}_details")
        if details is None:
            raise _missing(f"A fulfillment of this type needs {kind}_details.", field=field)
        recipient = details.get("recipient", {})
        if "display_name" not in recipient and "customer_id" not in recipient:
            raise _missing("Somebody must receive it.", field=f"{field}.recipient.display_name")
        due = "pickup_at" if kind == "pickup" else "deliver_at"
        if details.get("schedule_type", "SCHEDULED") == "SCHEDULED" and due not in details:
            raise _missing("A scheduled fulfillment needs its time.", field=f"{field}.{due}")


def _missing(detail: str, *, field: str) -> RequestRefusedError:
    return RequestRefusedError(SquareError(code="MISSING_REQUIRED_PARAMETER", detail=detail, field=field))
