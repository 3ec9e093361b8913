"""
Used by the first start of the embedded database (rms_backend/first_start.py); harmless to call again.
"""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from orders.models import Restaurant
from rms_backend import demo


class Command(BaseCommand):
    """
    Migrate the embedded database and, while it is empty, load the demo restaurant.
    """

    help = "Migrate the embedded database and load the demo restaurant into an empty one."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if settings.DEMO_DATA and not Restaurant.objects.exists():
            demo.load()
        self.stdout.write("The embedded database is ready.")
