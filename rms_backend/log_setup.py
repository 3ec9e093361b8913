"""
Where log lines go: to the terminal, and for Celery's programs also to a file of their own in LOG_DIR.
"""

import logging.config
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

MEGABYTE = 1_000_000
KEPT_FILES = 5
PROGRAMS = ("worker", "beat", "flower")


def configuration(*, line: str, level: str, file: Path | None = None, console: bool = True) -> dict[str, Any]:
    """
    Python's description of the logging, with lines as `human` or `json`.

    At DEBUG Celery tells all; Django stays at INFO, for its debug lines hold SQL with names and addresses in it.
    """
    handlers: dict[str, dict[str, Any]] = {}
    if console:
        handlers["console"] = {"class": "logging.StreamHandler"}
    if file:
        handlers["file"] = _rotated(file)
    for handler in handlers.values():
        handler |= {"formatter": "ours", "filters": ["no_tick"]}
    formatter = f"rms_backend.logging.{'Json' if line == 'json' else 'Human'}Formatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"ours": {"()": formatter}},
        "filters": {"no_tick": {"()": "rms_backend.logging.WithoutTheTick"}},
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": "WARNING"},
        "loggers": {
            "rms": {"level": level},
            "celery": {"level": level},
            "kombu": {"level": level},
            "flower": {"level": level},
            "django": {"level": "INFO" if level == "DEBUG" else level},
        },
    }


def of_celery(loglevel: int, logfile: str | None, **_signal: Any) -> None:
    """
    Set up the logging of a worker or of beat, as its command line asks; Celery's signal `setup_logging` calls it.
    """
    program = next((word for word in PROGRAMS if word in sys.argv), "worker")
    level = logging.getLevelName(loglevel) if _level_was_asked_for(sys.argv) else settings.LOG_LEVEL
    write_to_file_of(program, level=level, instead=Path(logfile) if logfile else None)


def write_to_file_of(program: str, *, level: str, instead: Path | None = None) -> None:
    """
    From now on write to LOG_DIR/celery_<program>.log beside the terminal; or to another file, and only there.
    """
    file = instead or settings.LOG_DIR / f"celery_{program}.log"
    trouble = _why_not_writable(file)
    how = {"line": settings.LOG_FORMAT, "level": level}
    logging.config.dictConfig(
        configuration(**how, file=None if trouble else file, console=bool(trouble) or not instead)
    )
    if trouble:
        # A full or read-only disk must not stop the orders.
        logging.getLogger("rms").warning(
            "log.not_written", extra={"facts": {"file": file, "because": trouble}}
        )


def _rotated(file: Path) -> dict[str, Any]:
    # Several processes write to it; this handler locks each line and each rotation between them, also after a fork.
    return {
        "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
        "filename": str(file),
        "maxBytes": settings.LOG_MAX_MEGABYTES * MEGABYTE,
        "backupCount": KEPT_FILES,
        "encoding": "utf-8",
    }


def _level_was_asked_for(argv: list[str]) -> bool:
    return any(word.startswith(("-l", "--loglevel")) for word in argv[1:])


def _why_not_writable(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for written in (
            file,
            file.with_name(f".__{file.name.removesuffix('.log')}.lock"),
        ):  # the handler's lock stands beside it
            written.open("a").close()
    except OSError as trouble:
        return str(trouble)
    return ""
