"""
What can be ordered, and what goes into it.
"""

from django.db import models

from orders.models.restaurant import Restaurant


class MenuItem(models.Model):
    """
    A dish or drink, in one or more sizes.
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="menu_items")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    category = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "code"], name="menu_item_code_once_per_restaurant")
        ]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """
    A size of a menu item, with its price in minor units of the restaurant's currency.
    """

    item = models.ForeignKey(MenuItem, on_delete=models.CASCADE, related_name="variants")
    size = models.CharField(
        max_length=20, help_text="'S', 'large', 'bottle'; empty where there is only one", blank=True
    )
    price_minor = models.PositiveIntegerField()
    recipe = models.ForeignKey(
        "orders.Recipe",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the current one",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "size"], name="variant_size_once_per_item")]


class Unit(models.TextChoices):
    """
    The base unit in which an ingredient is counted, always as a whole number.
    """

    MILLIGRAM = "mg", "milligram"
    MICROLITRE = "ul", "microlitre"
    PIECE = "pc", "piece"


class Ingredient(models.Model):
    """
    Something that is used up when a dish is made.
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="ingredients")
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=2, choices=Unit.choices, default=Unit.MILLIGRAM)
    returns_to_stock = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Comes back when its order is refunded in full, as a closed bottle does and dough does not",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "name"], name="ingredient_once_per_restaurant")
        ]

    def __str__(self) -> str:
        return self.name


class Recipe(models.Model):
    """
    One version of how a variant is made. It never changes: a new way of making it is a new version, and an order keeps
    the version that was valid when it was placed.
    """

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="recipes")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["variant", "version"], name="recipe_version_once")]


class RecipeLine(models.Model):
    """
    How much of one ingredient goes into one portion, in the ingredient's base unit.
    """

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="lines")
    ingredient = models.ForeignKey(Ingredient, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipe", "ingredient"], name="ingredient_once_per_recipe"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="recipe_line_uses_something"),
        ]
