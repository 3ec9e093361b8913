"""
What an order comes to: the till computes every total itself and believes none.

Order of calculation, as Square documents it: percentage discounts before fixed ones and those of a line before those
of the order; then service charges on the subtotal; then taxes; then service charges on the total. Each discount
and each tax is rounded once, half to even, and shared out over its lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from devtools.till.documents import Document
from devtools.till.money import rounded, share_out


@dataclass(kw_only=True)
class Entry:
    """One thing to pay for: a line item or a service charge."""

    uid: str
    gross: int
    tax_uids: frozenset[str]
    discount_uids: frozenset[str] = frozenset()
    taxable: bool = True
    discounts: dict[str, int] = field(default_factory=dict)
    taxes: dict[str, int] = field(default_factory=dict)
    added_tax: int = 0
    untaxed: Decimal = Decimal(0)  # the net price without the taxes that are inside it

    @property
    def net(self) -> int:
        """What is left of the price after discounts."""
        return self.gross - sum(self.discounts.values())

    @property
    def total(self) -> int:
        """What is to be paid: the net price and the taxes that come on top of it."""
        return self.net + self.added_tax


@dataclass(kw_only=True)
class Bill:
    """All entries of one order, priced step by step."""

    lines: list[Entry]
    charges: list[Entry] = field(default_factory=list)

    # Factories

    @classmethod
    def of(cls, order: Document) -> Self:
        """Price a checked order in which everything has its uid."""
        bill = cls(lines=[_line_entry(line) for line in order.get("line_items", [])])
        for discount in _in_order_of_calculation(order.get("discounts", [])):
            bill.discount(discount)
        charges = order.get("service_charges", [])
        for charge in [one for one in charges if not is_on_total(one)]:
            bill.charge(charge, basis=sum(line.net for line in bill.lines))
        bill.tax(order.get("taxes", []))
        subtotal_with_tax = bill.total
        for charge in [one for one in charges if is_on_total(one)]:
            bill.charge(charge, basis=subtotal_with_tax)
        return bill

    # Changes

    def discount(self, discount: Document) -> None:
        """Take one discount off its lines; never more than they cost."""
        lines = [
            line for line in self.lines if _is_for_all(discount) or discount["uid"] in line.discount_uids
        ]
        basis = sum(line.net for line in lines)
        amount = min(amount_of(discount, basis=basis), basis)
        for line, share in zip(
            lines, share_out(amount, by=[Decimal(line.net) for line in lines]), strict=True
        ):
            line.discounts[discount["uid"]] = share

    def charge(self, charge: Document, *, basis: int) -> None:
        """Put one service charge on the bill."""
        entry = Entry(
            uid=charge["uid"],
            gross=amount_of(charge, basis=basis),
            tax_uids=_uids(charge, "applied_taxes", "tax_uid"),
            taxable=charge.get("taxable", False),
        )
        self.charges.append(entry)

    def tax(self, taxes: list[Document]) -> None:
        """Put every tax on its entries; an inclusive one is found inside the price."""
        for entry in self.entries():
            inside = [tax for tax in _taxes_on(entry, taxes) if is_inclusive(tax)]
            entry.untaxed = entry.net / (1 + sum((_rate(tax) for tax in inside), Decimal(0)))
        for tax in taxes:
            entries = [entry for entry in self.entries() if _taxes_on(entry, [tax])]
            bases = [entry.untaxed for entry in entries]
            amount = rounded(sum(bases, Decimal(0)) * _rate(tax))
            for entry, share in zip(entries, share_out(amount, by=bases), strict=True):
                entry.taxes[tax["uid"]] = share
                entry.added_tax += 0 if is_inclusive(tax) else share

    # Questions

    def entries(self) -> Iterator[Entry]:
        """Go through the lines and then the service charges."""
        yield from self.lines
        yield from self.charges

    @property
    def total(self) -> int:
        """What the order comes to, before any tip."""
        return sum(entry.total for entry in self.entries())

    def tax_total(self, uid: str) -> int:
        """Give what one tax came to over all entries."""
        return sum(entry.taxes.get(uid, 0) for entry in self.entries())

    def discount_total(self, uid: str) -> int:
        """Give what one discount came to over all lines."""
        return sum(line.discounts.get(uid, 0) for line in self.lines)


def amount_of(part: Document, *, basis: int) -> int:
    """Give what a discount or a charge comes to on a basis."""
    if "amount_money" in part:
        return int(part["amount_money"]["amount"])
    return rounded(basis * _rate(part))


def is_inclusive(tax: Document) -> bool:
    """Is the tax already inside the price?"""
    return bool(tax.get("type") == "INCLUSIVE")


def is_on_total(charge: Document) -> bool:
    """Is the service charge computed after taxes?"""
    return bool(charge.get("calculation_phase") == "TOTAL_PHASE")


def modifier_price(line: Document, modifier: Document) -> int:
    """Give what one modifier adds to its line."""
    each = modifier.get("base_price_money", {}).get("amount", 0)
    return rounded(Decimal(line["quantity"]) * Decimal(modifier.get("quantity", "1")) * each)


def plain_price(line: Document) -> int:
    """Give what a line costs without its modifiers."""
    return rounded(Decimal(line["quantity"]) * line["base_price_money"]["amount"])


def _line_entry(line: Document) -> Entry:
    modifiers = sum(modifier_price(line, modifier) for modifier in line.get("modifiers", []))
    return Entry(
        uid=line["uid"],
        gross=plain_price(line) + modifiers,
        tax_uids=_uids(line, "applied_taxes", "tax_uid"),
        discount_uids=_uids(line, "applied_discounts", "discount_uid"),
    )


def _taxes_on(entry: Entry, taxes: list[Document]) -> list[Document]:
    if not entry.taxable:
        return []
    return [tax for tax in taxes if _is_for_all(tax) or tax["uid"] in entry.tax_uids]


def _in_order_of_calculation(discounts: list[Document]) -> list[Document]:
    return sorted(discounts, key=lambda discount: ("amount_money" in discount, _is_for_all(discount)))


def _is_for_all(part: Document) -> bool:
    return bool(part.get("scope", "ORDER") == "ORDER")


def _rate(part: Document) -> Decimal:
    return Decimal(part["percentage"]) / 100


def _uids(part: Document, field_name: str, uid_name: str) -> frozenset[str]:
    return frozenset(applied[uid_name] for applied in part.get(field_name, []))
