"""
Filling the stock.
"""

from collections.abc import Mapping

from django.db import transaction

from inventory.models import Stock, StockMovement


@transaction.atomic
def open_stock(quantities: Mapping[int, int]) -> None:
    """
    Set up the opening stock of ingredients that have none yet: `{ingredient_id: quantity in base units}`.
    """
    Stock.objects.bulk_create(
        Stock(ingredient_id=ingredient, on_hand=quantity) for ingredient, quantity in quantities.items()
    )
    StockMovement.objects.bulk_create(
        StockMovement(ingredient_id=ingredient, kind=StockMovement.Kind.OPENING, quantity=quantity)
        for ingredient, quantity in quantities.items()
    )
