"""
The watch: looks once a minute for what is unusual, and tells people. `operations/rules.py` lists what that is.
"""

import logging

from django.db import Error

from operations import alerts, notices
from operations.models import Alert
from operations.rules import RULES, Rule
from payments import rejections
from pipeline.broker_line import BrokerAway
from pipeline.connections import with_a_usable_connection
from pipeline.statements import execute, rows

LOOKED = """
INSERT INTO operations_watchrun (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET at = clock_timestamp()
"""
SINCE = "SELECT extract(epoch FROM clock_timestamp() - at) FROM operations_watchrun"


@with_a_usable_connection
def watch() -> int:
    """
    Look, open and close alerts, tell what is new; returns how many are open. May run twice at the same moment.
    """
    not_asked = [rule.name for rule in RULES if not _ask(rule)]
    alerts.close_what_is_over(not_asked=not_asked)
    _tell()
    rejections.forget_the_old()
    execute(LOOKED)
    return Alert.objects.filter(closed_at=None).count()


def seconds_since_the_last() -> float | None:
    """
    How long ago somebody looked; None where nobody ever did.
    """
    found = rows(SINCE)
    return float(found[0][0]) if found else None


def _ask(rule: Rule) -> bool:
    """
    Ask one rule's question; False where it could not be answered, which opens and closes nothing.
    """
    try:
        alerts.find(rule=rule.name, broken=rule.broken(rule.question()), lasting_seconds=rule.lasting_seconds)
    except Error:
        raise  # without the database there is nothing to ask and nowhere to write
    except BrokerAway:
        notices.record(logging.WARNING, "watch.not_answered", rule=rule.name, because="the broker is away")
        return False
    except Exception as trouble:  # noqa: BLE001 - one question that fails must not silence the others
        notices.record(logging.ERROR, "watch.not_answered", rule=rule.name, trouble=trouble)
        return False
    return True


def _tell() -> None:
    tellings = alerts.claim_what_to_tell()
    if not tellings:
        return
    try:
        notices.tell(tellings)
    except Exception as trouble:  # noqa: BLE001 - whatever keeps the mail from leaving, the next run tries again
        alerts.leave_to_the_next(tellings)
        notices.record(logging.ERROR, "alert.not_sent", alerts=len(tellings), because=type(trouble).__name__)
    else:
        alerts.note_as_told(tellings)
