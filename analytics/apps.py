from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """
    The numbers: what was sold, by order and by hour.
    """

    name = "analytics"
    default_auto_field = "django.db.models.BigAutoField"
