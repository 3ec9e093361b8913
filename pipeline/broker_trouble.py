"""
Why a broker does not answer, read from the errors that its libraries raise.
"""

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from redis.exceptions import AuthenticationError, BusyLoadingError, NoPermissionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from pipeline.workers import BrokerAway


class Trouble(StrEnum):
    """
    What can be wrong between us and the broker.
    """

    REFUSED = "refused"
    NO_SUCH_HOST = "no such host"
    LOGIN = "login"
    NOT_ALLOWED = "not allowed"
    TLS = "tls"
    HUNG_UP = "hung up"
    LOADING = "loading"
    NO_SUCH_DATABASE = "no such database"
    FULL = "full"
    SILENT = "silent"
    OTHER = "other"


class BrokerInTrouble(BrokerAway):
    """
    The broker does not answer as it should; `trouble` says of which kind it is.
    """

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble


@dataclass(frozen=True, kw_only=True)
class Sign:
    """
    By which class, or by which words, an error is known.
    """

    trouble: Trouble
    kinds: tuple[type[BaseException], ...] = ()
    words: str = r"(?!)"  # fits nothing

    def fits(self, error: BaseException) -> bool:
        return isinstance(error, self.kinds) or re.search(self.words, str(error)) is not None


# The first row that fits one of the causes decides. A plain port that is spoken to in TLS never answers the handshake.
SIGNS = (
    Sign(trouble=Trouble.TLS, kinds=(ssl.SSLError,), words="handshake operation timed out"),
    Sign(trouble=Trouble.LOGIN, kinds=(AuthenticationError,), words="ACCESS_REFUSED|NOAUTH|WRONGPASS"),
    Sign(trouble=Trouble.NOT_ALLOWED, kinds=(NoPermissionError,), words="NOPERM|no permissions"),
    Sign(trouble=Trouble.NO_SUCH_HOST, kinds=(socket.gaierror,)),
    Sign(trouble=Trouble.REFUSED, kinds=(ConnectionRefusedError, FileNotFoundError)),
    Sign(trouble=Trouble.LOADING, kinds=(BusyLoadingError,)),
    Sign(trouble=Trouble.NO_SUCH_DATABASE, words="DB index is out of range"),
    Sign(trouble=Trouble.FULL, words="max number of clients"),
    Sign(trouble=Trouble.SILENT, kinds=(TimeoutError, RedisTimeoutError)),
    Sign(trouble=Trouble.HUNG_UP, kinds=(ConnectionError,), words="closed by server"),
)


def trouble_of(error: BaseException) -> Trouble:
    """
    What kind of trouble an error stands for, whatever it is wrapped in.
    """
    causes = list(_causes(error))
    found = (sign.trouble for sign in SIGNS if any(sign.fits(cause) for cause in causes))
    return next(found, Trouble.OTHER)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__  # redis-py leaves the first cause in the context only
