"""
Writes a bill back into the order, in the places where Square's answers carry it.
"""

from collections.abc import Callable

from devtools.till.bill import Bill, Entry, modifier_price, plain_price
from devtools.till.documents import Document
from devtools.till.money import money


def priced(order: Document, *, currency: str) -> Document:
    """Write into the order every total that the till computed."""
    bill = Bill.of(order)
    charges = {entry.uid: entry for entry in bill.charges}
    parts = {
        "line_items": [
            _line(line, entry, currency=currency)
            for line, entry in zip(order.get("line_items", []), bill.lines, strict=True)
        ],
        "taxes": _with_applied(order.get("taxes", []), bill.tax_total, currency=currency),
        "discounts": _with_applied(order.get("discounts", []), bill.discount_total, currency=currency),
        "service_charges": [
            _charge(charge, charges[charge["uid"]], currency=currency)
            for charge in order.get("service_charges", [])
        ],
    }
    return {
        **order,
        **{name: part for name, part in parts.items() if part},
        **_totals(bill, currency=currency),
    }


def with_tip(order: Document, *, tip: int, currency: str) -> Document:
    """Show the order as paid in full: its total grows by the tip, and nothing is due."""
    total = money(order["total_money"]["amount"] + tip, currency)
    return {
        **order,
        "total_money": total,
        "total_tip_money": money(tip, currency),
        "net_amounts": {**order["net_amounts"], "total_money": total, "tip_money": money(tip, currency)},
        "net_amount_due_money": money(0, currency),
    }


def _line(line: Document, entry: Entry, *, currency: str) -> Document:
    modifiers = [
        {**modifier, "total_price_money": money(modifier_price(line, modifier), currency)}
        for modifier in line.get("modifiers", [])
    ]
    return {
        "item_type": "ITEM",
        **line,
        **({"modifiers": modifiers} if modifiers else {}),
        **_applied(entry, currency=currency),
        "variation_total_price_money": money(plain_price(line), currency),
        "gross_sales_money": money(entry.gross, currency),
        "total_tax_money": money(sum(entry.taxes.values()), currency),
        "total_discount_money": money(sum(entry.discounts.values()), currency),
        "total_service_charge_money": money(0, currency),
        "total_money": money(entry.total, currency),
    }


def _charge(charge: Document, entry: Entry, *, currency: str) -> Document:
    return {
        "type": "CUSTOM",
        "calculation_phase": "SUBTOTAL_PHASE",
        **charge,
        **_applied(entry, currency=currency),
        "applied_money": money(entry.net, currency),
        "total_tax_money": money(sum(entry.taxes.values()), currency),
        "total_money": money(entry.total, currency),
    }


def _applied(entry: Entry, *, currency: str) -> Document:
    taxes = [
        {"uid": f"{entry.uid}-{uid}"[:60], "tax_uid": uid, "applied_money": money(amount, currency)}
        for uid, amount in entry.taxes.items()
    ]
    discounts = [
        {"uid": f"{entry.uid}-{uid}"[:60], "discount_uid": uid, "applied_money": money(amount, currency)}
        for uid, amount in entry.discounts.items()
    ]
    return {
        **({"applied_taxes": taxes} if taxes else {}),
        **({"applied_discounts": discounts} if discounts else {}),
    }


def _with_applied(parts: list[Document], total: Callable[[str], int], *, currency: str) -> list[Document]:
    return [
        {"scope": "ORDER", **part, "applied_money": money(total(part["uid"]), currency)} for part in parts
    ]


def _totals(bill: Bill, *, currency: str) -> Document:
    amounts = {
        "total_money": bill.total,
        "tax_money": sum(sum(entry.taxes.values()) for entry in bill.entries()),
        "discount_money": sum(sum(line.discounts.values()) for line in bill.lines),
        "tip_money": 0,
        "service_charge_money": sum(charge.net for charge in bill.charges),
    }
    written = {name: money(amount, currency) for name, amount in amounts.items()}
    return {
        "total_money": written["total_money"],
        **{f"total_{name}": amount for name, amount in written.items() if name != "total_money"},
        "net_amounts": written,
        "net_amount_due_money": written["total_money"],
    }
