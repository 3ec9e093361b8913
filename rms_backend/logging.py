"""
How a log line looks: for people on a terminal, or as JSON for a machine. What is said stands in `pipeline/journal.py`.
"""

import json
import logging
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from typing import Any

from pipeline.journal import without_secrets

LONGEST_TRACEBACK = 20_000


class HumanFormatter(logging.Formatter):
    """
    18:47:02.118 INFO step.done step=… order_id=7
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        line = " ".join(filter(None, [moment, record.levelname, record.getMessage(), facts]))
        return "\n".join(filter(None, [line, self._trouble(record)]))

    def _trouble(self, record: logging.LogRecord) -> str:
        return _told(self, record)


class JsonFormatter(logging.Formatter):
    """
    One JSON object a line: at (UTC), level, event, and the facts as fields of their own.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            line["trouble"] = _told(self, record)
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


def write_to_the_logfile(*, logger: logging.Logger, logfile: str | None = None, **_signal: Any) -> None:
    """
    Obey `--logfile`. Celery would add a handler of its own only where there is none, and Django has set up ours.
    """
    if not logfile:
        return
    console = logger.handlers[0]
    file = WatchedFileHandler(logfile)
    file.setFormatter(console.formatter)
    file.filters = console.filters
    logger.handlers = [file]


def _told(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    # An error of somebody else's may quote an address or a key.
    text = formatter.formatException(record.exc_info) if record.exc_info else ""
    return without_secrets(text, longest=LONGEST_TRACEBACK)


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts = getattr(record, "facts", {})
    return facts if isinstance(facts, dict) else {}
