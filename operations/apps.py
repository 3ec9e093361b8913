from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """
    The window: what people see of the machine room.
    """

    name = "operations"
    default_auto_field = "django.db.models.BigAutoField"
