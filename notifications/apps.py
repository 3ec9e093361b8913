from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """
    The letters: a receipt for the guest, and word for the staff of what to cook.
    """

    name = "notifications"
