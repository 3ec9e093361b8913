"""
Posts events to one endpoint as Stripe does, over connections that stay open.
"""

import json
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

import requests

from devtools.stripe_sender.backoff import Backoff
from devtools.stripe_sender.delivery import Delivery as Delivery
from devtools.stripe_sender.delivery import Summary as Summary
from devtools.stripe_sender.delivery_plan import DeliveryPlan
from devtools.stripe_sender.envelope import Event
from devtools.stripe_sender.round import Round
from devtools.stripe_sender.signing import sign_with_all

HEADERS = {
    "Accept": "*/*; q=0.5, application/xml",
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}
LONGEST_PATIENCE_SECONDS = 30.0
USUAL_BACKOFF = Backoff()


class Sender:
    """
    One endpoint and its signing secrets: the header carries one signature per secret. Safe for many threads.
    """

    def __init__(
        self, url: str, *, secrets: Sequence[str], timeout: float = 10.0, connections: int = 8
    ) -> None:
        self._url = url
        self._secrets = tuple(secrets)
        self._timeout = timeout
        # A session serves one thread at a time; the last one back is the first one out, so it is still warm.
        self._idle: queue.LifoQueue[requests.Session] = queue.LifoQueue(maxsize=connections)

    def send(
        self, event: Event, *, at: int | None = None, secret: str | None = None, body: bytes | None = None
    ) -> Delivery:
        """
        Post the event once. `at` moves the signature's time, `secret` replaces ours, `body` the event's own bytes.
        """
        posted = body_of(event) if body is None else body
        secrets = self._secrets if secret is None else (secret,)
        headers = {**HEADERS, "Stripe-Signature": sign_with_all(posted, secrets=secrets, at=at)}
        began = time.monotonic()
        try:
            status, error = self._post(posted, headers), None
        except requests.RequestException as failure:
            status, error = None, f"{type(failure).__name__}: {failure}"
        seconds = time.monotonic() - began
        return Delivery(event_id=event["id"], type=event["type"], status=status, seconds=seconds, error=error)

    def deliver(
        self,
        plan: DeliveryPlan,
        *,
        concurrency: int = 8,
        on_delivery: Callable[[Delivery], None] | None = None,
        until_accepted: float = LONGEST_PATIENCE_SECONDS,
        backoff: Backoff = USUAL_BACKOFF,
    ) -> Summary:
        """
        Carry out a plan; what is not accepted is repeated for `until_accepted` seconds from the start (0: never).

        `on_delivery` is called in this thread, once for every attempt.
        """
        round_ = Round(send=self.send, concurrency=concurrency, patience=until_accepted, backoff=backoff)
        return round_.run(plan, on_delivery)

    def close(self) -> None:
        """
        Close the connections.
        """
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        with self._session() as session:
            answer = session.post(
                self._url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            )
            return answer.status_code

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = requests.Session()
            session.trust_env = False  # a proxy for the outside world does not know this machine's ports
        try:
            yield session
        finally:
            try:
                self._idle.put_nowait(session)
            except queue.Full:
                session.close()


def body_of(event: Event) -> bytes:
    """
    Write the event as Stripe does: indented, UTF-8.
    """
    return json.dumps(event, indent=2, ensure_ascii=False).encode("utf-8")
