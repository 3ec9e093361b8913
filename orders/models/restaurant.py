"""
A restaurant and what is particular to it.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from orders.totals import TaxRate

CURRENCY = RegexValidator(r"^[A-Z]{3}$", "Write the ISO 4217 code in capitals, for example USD.")


def is_time_zone(name: str) -> None:
    """
    Refuse what is not a name of the IANA time zone database.
    """
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is no IANA time zone. Write for example 'Europe/Rome'.")


class PosProvider(models.TextChoices):
    """
    Whose till the restaurant has.
    """

    SQUARE = "square", "Square"
    NONE = "none", "no till"


class Restaurant(models.Model):
    """
    One place where food is sold, with its own clock, currency and till.
    """

    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=160, blank=True)
    address = models.TextField(blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    contact = models.CharField(max_length=160, blank=True, help_text="Where a guest asks about an order")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[is_time_zone])
    currency = models.CharField(max_length=3, default="USD", validators=[CURRENCY])
    business_day_starts_at_hour = models.PositiveSmallIntegerField(
        default=4,
        validators=[MaxValueValidator(23)],
        help_text="Local hour; what is sold before it belongs to the day before",
    )
    prices_include_tax = models.BooleanField(default=False)
    loyalty_spend_per_point_minor = models.PositiveIntegerField(
        default=100, help_text="Minor units that earn one point; 0 = no loyalty programme"
    )
    pos_provider = models.CharField(max_length=20, choices=PosProvider.choices, default=PosProvider.NONE)
    pos_location = models.CharField(max_length=64, blank=True, help_text="The till's own id of this place")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(business_day_starts_at_hour__lte=23),
                name="restaurant_day_starts_within_day",
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="restaurant_currency_is_iso"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def local_time(self, moment: datetime) -> datetime:
        """
        The same moment on the restaurant's wall clock.
        """
        return moment.astimezone(ZoneInfo(self.time_zone))

    def business_date(self, moment: datetime) -> date:
        """
        The day whose takings the moment belongs to.
        """
        return (self.local_time(moment) - timedelta(hours=self.business_day_starts_at_hour)).date()

    def tax_rates(self) -> list[TaxRate]:
        return [TaxRate(name=tax.name, rate_ppm=tax.rate_ppm) for tax in self.taxes.order_by("id")]


class Tax(models.Model):
    """
    A tax that the restaurant charges on everything it sells.
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="taxes")
    name = models.CharField(max_length=60)
    rate_ppm = models.PositiveIntegerField(help_text="Parts per million: 8.875 % is 88750")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "name"], name="tax_once_per_restaurant"),
            models.CheckConstraint(
                condition=models.Q(rate_ppm__lte=1_000_000), name="tax_at_most_everything"
            ),
        ]


class StaffRecipient(models.Model):
    """
    An address of the staff that hears of each paid order.
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="staff_recipients")
    email = models.EmailField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant", "email"], name="staff_recipient_once_per_restaurant"
            )
        ]
