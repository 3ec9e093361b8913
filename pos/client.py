"""
The one place that speaks HTTP with the till. It never tries twice: the step run counts the attempts.
"""

import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from django.conf import settings

from pipeline.failures import TemporaryFailure, UnknownOutcome
from pos.answers import Answer, Document, understood

SQUARE_VERSION = "2026-09-16"
CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
LONGEST_VISIT_SECONDS = 20.0  # all requests for one order together; the step's lease is longer
LONGEST_ANSWER_BYTES = 1_000_000
CHUNK_BYTES = 65_536
PRIVATE_FIELDS = frozenset({"display_name", "note"})

_of_this_thread = threading.local()


class TillUnreachable(TemporaryFailure):
    """
    No connection came about: nothing has left the house.
    """


class OutOfTime(TemporaryFailure):
    """
    The till was so slow that the rest has to wait for the next attempt; this request was not sent.
    """


class AnswerLost(UnknownOutcome):
    """
    The request was on its way when the connection ended, so the till may have it.
    """


# What can go wrong before a byte of the request leaves, with its reason. All other trouble leaves the outcome unknown.
NOTHING_SENT: dict[type[Exception], str] = {
    requests.exceptions.ConnectTimeout: "The till did not take the connection in time.",
    urllib3.exceptions.NewConnectionError: "The till's address does not answer.",
    ssl.SSLCertVerificationError: "The till's certificate is not valid for its address.",
    requests.exceptions.MissingSchema: "SQUARE_BASE_URL is no address. Write for example https://connect.squareup.com.",
    requests.exceptions.InvalidSchema: "SQUARE_BASE_URL is no address. Write for example https://connect.squareup.com.",
    requests.exceptions.InvalidURL: "SQUARE_BASE_URL is no address. Write for example https://connect.squareup.com.",
    requests.exceptions.InvalidHeader: "SQUARE_ACCESS_TOKEN holds characters that no token has. Copy it again.",
    UnicodeError: "SQUARE_ACCESS_TOKEN holds characters that no token has. Copy it again.",
}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """
    The requests of one attempt, which have to end before `until` (of `time.monotonic`).
    """

    until: float

    @classmethod
    def begin(cls) -> "Visit":
        return cls(until=time.monotonic() + LONGEST_VISIT_SECONDS)

    def get(self, path: str) -> Document:
        """
        Read what the till holds.
        """
        return self._ask("GET", path, None)

    def post(self, path: str, body: Document) -> Document:
        """
        Send it, once; raises a failure of `pos.answers` or of this module where the till does not answer yes.
        """
        return self._ask("POST", path, body)

    def put(self, path: str, body: Document) -> Document:
        """
        Change what the till holds, once; raises as `post` does.
        """
        return self._ask("PUT", path, body)

    def _ask(self, method: str, path: str, body: Document | None) -> Document:
        left = self.until - time.monotonic()
        if left <= 0:
            raise OutOfTime(f"{LONGEST_VISIT_SECONDS:.0f} seconds were not enough for this order.")
        try:
            with _session().request(
                method,
                f"{settings.SQUARE_BASE_URL}".rstrip("/") + path,
                json=body,
                headers=_headers(),
                timeout=(CONNECT_SECONDS, min(READ_SECONDS, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = _answer(response, private=tuple(_private_texts(body)))
        except (requests.RequestException, UnicodeError) as trouble:
            raise _failure(trouble) from None  # its text may hold the token
        return understood(answer)


def _headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.SQUARE_ACCESS_TOKEN}", "Square-Version": SQUARE_VERSION}


def _session() -> requests.Session:
    if not hasattr(_of_this_thread, "session"):
        session = requests.Session()
        session.trust_env = False  # no proxy and no .netrc has a business between us and the till
        _of_this_thread.session = session
    found: requests.Session = _of_this_thread.session
    return found


def _answer(response: requests.Response, *, private: tuple[str, ...]) -> Answer:
    content = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        content += chunk
        if len(content) > LONGEST_ANSWER_BYTES:
            raise AnswerLost(f"The till's answer is longer than {LONGEST_ANSWER_BYTES} bytes.")
    return Answer(
        status=response.status_code,
        content=bytes(content),
        retry_after=response.headers.get("Retry-After", ""),
        private=private,
    )


def _failure(trouble: Exception) -> Exception:
    causes = list(_causes(trouble))
    for kind, reason in NOTHING_SENT.items():
        if any(isinstance(cause, kind) for cause in causes):
            return TillUnreachable(reason)
    return AnswerLost(f"The till's answer did not arrive ({type(trouble).__name__}).")


def _causes(trouble: Any) -> Iterator[object]:
    # requests and urllib3 wrap each other's errors, and the cause is in `reason` or in the arguments.
    yield trouble
    for inner in (getattr(trouble, "reason", None), *getattr(trouble, "args", ())):
        if isinstance(inner, Exception):
            yield from _causes(inner)


def _private_texts(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for field, inner in value.items():
            yield from _private_texts(inner, field)
    elif isinstance(value, list):
        for inner in value:
            yield from _private_texts(inner, name)
    elif name in PRIVATE_FIELDS:
        yield str(value)
