"""
How a log line looks: for people on a terminal, or as JSON for a machine. What is said stands in `pipeline/journal.py`.
"""

import json
import logging
from datetime import UTC, datetime

from pipeline.journal import without_addresses, without_secrets
from pipeline.shown import shown_again

LONGEST_TRACEBACK = 20_000
# Ours are constants; these name nodes (celery@host), which look like addresses.
NO_ARGUMENTS_IN = ("rms", "celery.apps", "celery.worker.consumer", "celery.worker.control", "celery.beat")


class HumanFormatter(logging.Formatter):
    """
    18:47:02.118 INFO step.done step=… order_id=7
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        line = " ".join(filter(None, [moment, record.levelname, _message(record), facts]))
        return "\n".join(filter(None, [line, _trouble(self, record)]))


class JsonFormatter(logging.Formatter):
    """
    One JSON object a line: at (UTC), level, event, and the facts as fields of their own.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "event": _message(record),
            **_facts(record),
        }
        if record.exc_info:
            line["trouble"] = _trouble(self, record)
        return json.dumps(line, default=str)


class WithoutTheTick(logging.Filter):
    """
    Leaves out Celery's two lines about each message for the dispatcher: one a second says nothing.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        about = record.args if isinstance(record.args, dict) else {}
        return (
            record.levelno > logging.INFO or about.get("name") != "payments.tasks.run_post_payment_hooks_task"
        )


def _message(record: logging.LogRecord) -> str:
    # Somebody else's line may quote arguments and results; at DEBUG Celery quotes whole messages.
    if isinstance(record.args, dict) and "return_value" in record.args:
        record.args = {**record.args, "return_value": shown_again(str(record.args["return_value"]))}
    text = record.getMessage()
    if record.levelno <= logging.DEBUG and not record.name.startswith("rms"):
        return without_secrets(text, longest=LONGEST_TRACEBACK)
    return text if record.name.startswith(NO_ARGUMENTS_IN) else without_addresses(text)


def _trouble(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    # An error of somebody else's may quote an address or a key.
    text = formatter.formatException(record.exc_info) if record.exc_info else ""
    return without_secrets(text, longest=LONGEST_TRACEBACK)


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts = getattr(record, "facts", {})
    return facts if isinstance(facts, dict) else {}
