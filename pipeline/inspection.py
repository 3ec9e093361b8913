"""
What a worker answers to `celery inspect` and to Flower, with nothing personal and no password in it.

Celery's own answers hold the arguments as they are, the whole of Django's settings, and the broker's address with its
password. Workers load this module (`include` of the application), nobody else needs it.
"""

import re
from collections.abc import Mapping
from typing import Any

from celery.utils.serialization import strtobool
from celery.worker import control
from celery.worker.request import Request

from pipeline.shown import shown_again

_CREDENTIALS = re.compile(r"(?<=://)[^\s'\"]*@")


class DiscreetRequest(Request):
    """
    A task as the worker holds it. `inspect active`, `reserved`, `scheduled` and `query_task` ask it for its arguments.
    """

    def info(self, safe: bool = False) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002 - Celery's signature
        told = super().info(safe=True)
        return {**told, "args": shown_again(told["args"]), "kwargs": shown_again(told["kwargs"])}


# Each takes the place of Celery's own command of that name.


@control.inspect_command(
    alias="dump_conf", signature="[include_defaults=False]", args=[("with_defaults", strtobool)]
)
def conf(state: Any, with_defaults: bool = False, **_more: Any) -> Any:  # noqa: FBT001, FBT002 - Celery's signature
    """List Celery's configuration."""
    told = control.conf(state, with_defaults=with_defaults)
    return _without_credentials({name: value for name, value in told.items() if _is_celerys(name)})


@control.inspect_command()
def stats(state: Any, **_more: Any) -> Any:
    """Tell the worker's statistics."""
    return _without_credentials(control.stats(state))


@control.inspect_command()
def report(state: Any, **_more: Any) -> Any:
    """Tell about the installation, for bug reports."""
    return _without_credentials(control.report(state))


def _is_celerys(name: str) -> bool:
    # Django's settings are in capitals, Celery's own names are not.
    return name.islower() or name.startswith("CELERY_")


def _without_credentials(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_credentials(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_credentials(inner) for inner in value]
    return _CREDENTIALS.sub("", value) if isinstance(value, str) else value
