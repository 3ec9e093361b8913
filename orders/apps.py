from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """
    The nouns: restaurants, menus, customers, orders and their payments.
    """

    name = "orders"
    default_auto_field = "django.db.models.BigAutoField"
