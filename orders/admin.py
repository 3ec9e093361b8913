"""
The nouns in Django's admin.
"""

from django.contrib import admin

from orders.models import (
    Customer,
    Dispute,
    Ingredient,
    MenuItem,
    Order,
    OrderLine,
    OrderTax,
    Payment,
    Refund,
    Restaurant,
    StaffRecipient,
    Tax,
    Variant,
)
from pipeline.admin import ReadOnly


class Lines(admin.TabularInline):
    model = OrderLine
    extra = 0


class Refunds(admin.TabularInline):
    model = Refund
    extra = 0


class Taxes(admin.TabularInline):
    model = OrderTax
    extra = 0


class Disputes(admin.TabularInline):
    model = Dispute
    extra = 0


@admin.register(Order)
class OrderAdmin(ReadOnly):
    """
    To look at only: a form that was opened before the payment came would, when saved, take the payment back.
    """

    list_display = ("number", "restaurant", "status", "total", "placed_at", "paid_at", "review_reason")
    list_filter = ("status", "restaurant")
    search_fields = ("=public_id", "=number", "=payment_intent")
    ordering = ("-id",)
    inlines = (Lines, Taxes, Refunds, Disputes)
    show_full_result_count = False


class StaffRecipients(admin.TabularInline):
    model = StaffRecipient
    extra = 0


class RestaurantTaxes(admin.TabularInline):
    model = Tax
    extra = 0


@admin.register(Restaurant)
class RestaurantAdmin(admin.ModelAdmin):
    list_display = ("name", "time_zone", "currency", "pos_provider")
    inlines = (StaffRecipients, RestaurantTaxes)


class Variants(admin.TabularInline):
    model = Variant
    extra = 0


@admin.register(MenuItem)
class MenuItemAdmin(admin.ModelAdmin):
    list_display = ("name", "code", "category", "restaurant")
    inlines = (Variants,)


@admin.register(Dispute)
class DisputeAdmin(ReadOnly):
    list_display = ("stripe_id", "order", "status", "amount", "reason", "opened_at", "closed_at")
    list_filter = ("status",)
    search_fields = ("=stripe_id",)
    ordering = ("-opened_at",)


admin.site.register(Customer)
admin.site.register(Ingredient)
admin.site.register(Payment, ReadOnly)
