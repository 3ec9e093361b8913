"""
Where the answers of tasks called by hand are kept, and whether they go again.
"""

from dataclasses import dataclass
from typing import Any

from celery import current_app
from celery.app import backends
from celery.backends.redis import RedisBackend
from redis.exceptions import RedisError

from pipeline.broker import without_login
from pipeline.broker_trouble import BrokerInTrouble, trouble_of
from pipeline.journal import without_secrets

MOST_LOOKED_AT = 1_000
SCANS_AT_MOST = 20


@dataclass(frozen=True, kw_only=True)
class Kept:
    """
    How many answers were looked at, and how many of them stay for ever.
    """

    looked_at: int
    for_ever: int


def address() -> str:
    """
    Where answers are kept, without user and password.
    """
    return without_login(str(current_app.conf.result_backend))


def is_redis() -> bool:
    """
    Are answers kept in a Redis? Only that is looked at.
    """
    return isinstance(_store(within_seconds=1), RedisBackend)


def kept(*, within_seconds: float) -> Kept:
    """
    Look at some of the answers that are kept; raises BrokerInTrouble where their server does not answer.
    """
    store = _store(within_seconds=within_seconds)
    try:
        keys = _some_keys(store)
        with store.client.pipeline(transaction=False) as asked:
            for key in keys:
                asked.ttl(key)
            lives = asked.execute()
    except (OSError, RedisError) as trouble:
        raise BrokerInTrouble(trouble_of(trouble), without_secrets(str(trouble))) from trouble
    return Kept(looked_at=len(keys), for_ever=sum(seconds == -1 for seconds in lives))


def _store(*, within_seconds: float) -> Any:
    # One of our own: the application's waits for two minutes.
    kind, url = backends.by_url(current_app.conf.result_backend, current_app.loader)
    store = kind(app=current_app, url=url)
    if isinstance(store, RedisBackend):
        store.connparams |= {"socket_timeout": within_seconds, "socket_connect_timeout": within_seconds}
    return store


def _some_keys(store: Any) -> list[bytes]:
    cursor, found = 0, []
    for _ in range(SCANS_AT_MOST):
        cursor, keys = store.client.scan(cursor, match=f"{_prefix(store)}*", count=MOST_LOOKED_AT)
        found += keys
        if not cursor or len(found) >= MOST_LOOKED_AT:
            break
    return found[:MOST_LOOKED_AT]


def _prefix(store: Any) -> str:
    prefix = store.task_keyprefix
    return prefix.decode() if isinstance(prefix, bytes) else str(prefix)
