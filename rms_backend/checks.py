"""
What can be wrong with the broker and the mail server, found at start.
"""

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name

from rms_backend.redis_tls import is_verified

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
REDIS_ON_THE_NETWORK = ("redis", "rediss", "sentinel")
# Names that mean something inside one network only; a name without a dot is one too (Docker, Kubernetes).
INSIDE = ("internal", "local", "localdomain", "lan", "svc", "test")


@register()
def check_passwords_of_redis(**_kwargs: Any) -> list[CheckMessage]:
    """
    Whoever can write to the broker can make workers work: it wants a password.
    """
    return [problem for variable, address in _addresses() for problem in _without_password(variable, address)]


@register()
def check_certificates_of_redis(**_kwargs: Any) -> list[CheckMessage]:
    """
    TLS without a look at the certificate protects from nobody who sits in between.
    """
    said = "{} says ssl_cert_reqs=none: anybody in between can read along and write."
    hint = "Write ssl_cert_reqs=required, and ssl_ca_certs=/path/to/ca.pem for an authority of your own."
    return [
        Warning(said.format(variable), hint=hint, id="rms.W002")
        if settings.DEBUG
        else Error(said.format(variable), hint=hint, id="rms.E002")
        for variable, address in _addresses()
        if urlsplit(address).scheme == "rediss" and not is_verified(address)
    ]


@register(Tags.security, deploy=True)
def check_what_travels_in_the_clear(**_kwargs: Any) -> list[CheckMessage]:
    """
    Passwords should not cross a network that is not ours.
    """
    problems: list[CheckMessage] = [
        Warning(
            f"{variable}: the password of {urlsplit(address).hostname} travels in the clear.",
            hint="Begin the address with rediss://, or keep the server in a network of your own.",
            id="rms.W003",
        )
        for variable, address in _addresses()
        if urlsplit(address).scheme == "redis" and not _is_near(urlsplit(address).hostname or "")
    ]
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if settings.EMAIL_HOST_USER and not encrypted and not _is_near(settings.EMAIL_HOST):
        said = f"The password of {settings.EMAIL_HOST} travels in the clear."
        problems.append(Warning(said, hint="Set EMAIL_USE_TLS=1.", id="rms.W004"))
    return problems


@register(deploy=True)
def check_who_letters_come_from(**_kwargs: Any) -> list[CheckMessage]:
    """
    Nobody's mail server believes in a sender at localhost.
    """
    if not settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost.localdomain"):
        return []
    said = f"Letters come from {settings.DEFAULT_FROM_EMAIL}, and will be taken for spam."
    return [Warning(said, hint="Set DEFAULT_FROM_EMAIL=noreply@yourrestaurant.com.", id="rms.W005")]


def _addresses() -> Iterator[tuple[str, str]]:
    """
    The addresses of Redis, each once, by the variable that names it.
    """
    yield "CELERY_BROKER_URL", settings.CELERY_BROKER_URL
    if settings.CELERY_RESULT_BACKEND != settings.CELERY_BROKER_URL:
        yield "CELERY_RESULT_BACKEND", settings.CELERY_RESULT_BACKEND


def _without_password(variable: str, address: str) -> list[CheckMessage]:
    at = urlsplit(address)
    # A Unix socket is guarded by its permissions.
    if at.scheme not in REDIS_ON_THE_NETWORK or at.password:
        return []
    what = "broker" if variable == "CELERY_BROKER_URL" else "result backend"
    said = f"The {what} at {at.hostname} has no password."
    hint = f"Set requirepass there, and write {at.scheme}://:PASSWORD@host/0 into {variable}."
    if settings.DEBUG and (at.hostname or "localhost") in LOOPBACK:
        return [Warning(said, hint=hint, id="rms.W001")]
    return [Error(said, hint=hint, id="rms.E001")]


def _is_near(host: str) -> bool:
    """
    Is this, as far as its name or number tells, a host of a network of our own?
    """
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.rpartition(".")[2] in INSIDE
