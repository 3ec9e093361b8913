from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    """
    The points that guests earn.
    """

    name = "loyalty"
    default_auto_field = "django.db.models.BigAutoField"
