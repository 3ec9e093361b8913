"""
What can be wrong with the broker, found at start.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@register()
def check_the_broker(**_kwargs: Any) -> list[CheckMessage]:
    """
    Whoever can write to the broker can make workers work: it wants a password.
    """
    at = urlsplit(settings.CELERY_BROKER_URL)
    if at.scheme not in ("redis", "rediss") or at.password:
        return []
    said = f"The broker at {at.hostname} has no password."
    hint = "Set requirepass there, and write redis://:PASSWORD@host/0 into CELERY_BROKER_URL."
    if settings.DEBUG and at.hostname in LOOPBACK:
        return [Warning(said, hint=hint, id="rms.W001")]
    return [Error(said, hint=hint, id="rms.E001")]
