"""
Bills: arithmetic without a server.
"""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.till.bill import Bill
from devtools.till.money import readable, rounded, share_out
from devtools.till.tests.caller import eur


def line(uid: str, amount: int, quantity: str = "1", **more: Any) -> dict[str, Any]:
    """Write one line of an order."""
    return {"uid": uid, "quantity": quantity, "base_price_money": eur(amount), **more}


class TestBill:
    @pytest.mark.parametrize(
        ("parts", "total"),
        [
            ({}, 3000),
            ({"discounts": [{"uid": "d", "percentage": "10"}]}, 2700),
            ({"discounts": [{"uid": "d", "amount_money": eur(9999)}]}, 0),  # never below nothing
            # 10 % first, then 5.00, in whatever order they are written
            ({"discounts": [{"uid": "f", "amount_money": eur(500)}, {"uid": "p", "percentage": "10"}]}, 2200),
            ({"taxes": [{"uid": "t", "percentage": "8.875"}]}, 3266),
            ({"taxes": [{"uid": "t", "percentage": "19", "type": "INCLUSIVE"}]}, 3000),
            ({"taxes": [{"uid": "t", "percentage": "10", "scope": "LINE_ITEM"}]}, 3000),  # no line names it
            ({"service_charges": [{"uid": "s", "percentage": "10"}]}, 3300),
            # a taxable charge is taxed with the lines; one on the total comes after taxes
            (
                {
                    "service_charges": [{"uid": "s", "amount_money": eur(1000), "taxable": True}],
                    "taxes": [{"uid": "t", "percentage": "10"}],
                },
                4400,
            ),
            (
                {
                    "service_charges": [{"uid": "s", "percentage": "10", "calculation_phase": "TOTAL_PHASE"}],
                    "taxes": [{"uid": "t", "percentage": "10"}],
                },
                3630,
            ),
        ],
    )
    def test_comes_to_what_square_documents(self, parts: dict[str, Any], total: int) -> None:
        order = {"line_items": [line("a", 1000), line("b", 1000, "2")], **parts}

        assert Bill.of(order).total == total

    def test_takes_a_discount_of_one_line_off_that_line(self) -> None:
        lines = [line("a", 1000, applied_discounts=[{"discount_uid": "d"}]), line("b", 1000)]

        bill = Bill.of(
            {"line_items": lines, "discounts": [{"uid": "d", "percentage": "50", "scope": "LINE_ITEM"}]}
        )

        assert [entry.net for entry in bill.lines] == [500, 1000]

    def test_finds_an_inclusive_tax_inside_the_price(self) -> None:
        tax = {"uid": "t", "percentage": "19", "type": "INCLUSIVE"}

        bill = Bill.of({"line_items": [line("a", 1190)], "taxes": [tax]})

        assert (bill.tax_total("t"), bill.total) == (190, 1190)

    def test_counts_modifiers_with_their_line(self) -> None:
        egg = {"uid": "m", "quantity": "2", "base_price_money": eur(150)}

        assert Bill.of({"line_items": [line("a", 1000, "2", modifiers=[egg])]}).total == 2600

    def test_rounds_a_weighed_line_half_to_even(self) -> None:
        assert Bill.of({"line_items": [line("a", 5, "0.5"), line("b", 7, "0.5")]}).total == 2 + 4

    def test_of_nothing_is_nothing(self) -> None:
        assert Bill.of({"discounts": [{"uid": "d", "percentage": "10"}]}).total == 0


class TestSharing:
    @given(st.integers(0, 10**10), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
    def test_loses_not_a_cent(self, total: int, weights: list[int]) -> None:
        shares = share_out(total, by=[Decimal(weight) for weight in weights])

        assert sum(shares) == (total if sum(weights) else 0)
        assert all(share >= 0 for share in shares)


class TestMoney:
    @pytest.mark.parametrize(("exact", "whole"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("2.51", 3)])
    def test_rounds_half_to_even(self, exact: str, whole: int) -> None:
        assert rounded(Decimal(exact)) == whole

    @pytest.mark.parametrize(
        ("amount", "currency", "text"),
        [
            (1234, "EUR", "12.34 EUR"),
            (1234, "JPY", "1234 JPY"),
            (1234, "KWD", "1.234 KWD"),
            (5, "EUR", "0.05 EUR"),
        ],
    )
    def test_is_written_with_the_decimals_of_its_currency(
        self, amount: int, currency: str, text: str
    ) -> None:
        assert readable(amount, currency) == text
