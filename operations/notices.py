"""
Telling people about alerts: always in the log, and by mail to ALERT_EMAILS. Ids and counts only.
"""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import send_mail

from operations.alerts import Telling
from operations.rules import RULES

logger = logging.getLogger("rms.operations")

LEVELS = {"alert.opened": logging.ERROR, "alert.lasts": logging.ERROR, "alert.closed": logging.WARNING}
HEADINGS = {"alert.opened": "New", "alert.lasts": "Still there", "alert.closed": "Over"}
REMEDIES = {rule.name: rule.remedy for rule in RULES}


def tell(tellings: Sequence[Telling]) -> None:
    """
    Log all, then send one letter about all; raises where the mail server does not take it.
    """
    for telling in tellings:
        level, event = LEVELS[telling.event], telling.event
        record(
            level, event, rule=telling.rule, subject=telling.subject, alert_id=telling.id, said=telling.said
        )
    if settings.ALERT_EMAILS:
        send_mail(_subject(tellings), _letter(tellings), None, settings.ALERT_EMAILS)


def record(level: int, event: str, *, trouble: BaseException | None = None, **facts: object) -> None:
    """
    Say that something happened, in the shape of the pipeline's journal.
    """
    logger.log(level, event, extra={"facts": facts}, exc_info=trouble)


def _subject(tellings: Sequence[Telling]) -> str:
    first = tellings[0]
    more = f" and {len(tellings) - 1} more" if len(tellings) > 1 else ""
    return f"[RMS] {HEADINGS[first.event]}: {_title(first)}{more}"


def _letter(tellings: Sequence[Telling]) -> str:
    return "\n\n".join(_paragraph(telling) for telling in tellings) + "\n"


def _paragraph(telling: Telling) -> str:
    lines = [
        f"{HEADINGS[telling.event]}: {telling.said} ({_title(telling)})",
        f"Since {telling.opened_at:%Y-%m-%d %H:%M} UTC"
        + (f", over at {telling.closed_at:%Y-%m-%d %H:%M} UTC." if telling.closed_at else "."),
    ]
    if not telling.closed_at:
        lines.append(REMEDIES.get(telling.rule, ""))
    return "\n".join(filter(None, lines))


def _title(telling: Telling) -> str:
    return " ".join(filter(None, (telling.rule, telling.subject)))
