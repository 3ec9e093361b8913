from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """
    The story: money arrives, an order is paid, six things follow.
    """

    name = "payments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from payments import refund_tasks, tasks  # noqa: F401, PLC0415 - writes the menu
