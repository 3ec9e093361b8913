"""
The settings: what Django's system checks say of them, and which parts are embedded.
"""

from collections.abc import Iterable

from django.conf import settings
from django.core import checks

from operations.doctor.finding import Finding, note, ok, problem, warning

# These are told where the reader looks for them.
OF_THE_ROUTES = frozenset({"pipeline.E001", "pipeline.E004"})
OF_THE_TIME_LIMITS = frozenset({"pipeline.E003", "pipeline.W003"})


def system_checks() -> list[Finding]:
    """
    What Django's checks complain of, those for a deployment included where this is one.
    """
    elsewhere = OF_THE_ROUTES | OF_THE_TIME_LIMITS
    messages = checks.run_checks(include_deployment_checks=not settings.DEBUG)
    found = list(_findings(message for message in messages if message.id not in elsewhere))
    return found or [ok("system checks", "Django's checks find nothing to complain of.")]


def complaints(ids: frozenset[str], *, subject: str) -> list[Finding]:
    """
    Those complaints of the system checks that have these ids.
    """
    return list(_findings((m for m in checks.run_checks() if m.id in ids), subject=subject))


def mode() -> list[Finding]:
    """
    Development or production, and what is embedded in development.
    """
    if not settings.DEBUG:
        return [ok("mode", "Production settings (DJANGO_DEBUG=0).")]
    parts = [name for name, is_embedded in _parts() if is_embedded]
    what = f"embedded: {', '.join(parts)}" if parts else "nothing is embedded"
    return [note("mode", f"Development settings (DJANGO_DEBUG=1), {what}. They were started where needed.")]


def _parts() -> list[tuple[str, bool]]:
    return [
        ("database", settings.DATABASE_IS_EMBEDDED),
        ("broker", settings.BROKER_IS_EMBEDDED),
        ("mailbox", settings.EMAIL_BACKEND.startswith("rms_backend.")),
        ("till", not isinstance(settings.SQUARE_BASE_URL, str)),  # its address is known once it runs
    ]


def _findings(messages: Iterable[checks.CheckMessage], *, subject: str = "") -> Iterable[Finding]:
    for message in messages:
        if message.level >= checks.WARNING and not message.is_silenced():
            make = problem if message.is_serious() else warning
            yield make(
                subject or f"check {message.id}", message.msg, message.hint or "See Django's documentation."
            )
