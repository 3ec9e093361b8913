from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """
    The stock that orders use up.
    """

    name = "inventory"
    default_auto_field = "django.db.models.BigAutoField"
