"""
The controls of an API that runs anywhere on this machine: tell it what happened, look into it, break it, mend it.
"""

from collections.abc import Iterable
from typing import Any

import requests

from devtools.stripe_api.books import Document
from devtools.stripe_api.faults import Mode

TIMEOUT_SECONDS = 30


class ControlRefusedError(RuntimeError):
    """
    The API did not do what its control API was asked to do.
    """


class StripeApiClient:
    """
    The control API of one stand-in.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business between us and our own machine

    # Changes

    def happened(self, *events: Document, delivered: bool = False) -> None:
        """
        Keep events, and their objects as they tell them. `delivered`: has the webhook answered 2xx?
        """
        self._ask("POST", "events", json={"events": events, "delivered": delivered})

    def holds(self, *objects: Document, account: str = "") -> None:
        """
        Keep objects of which no event was ever made.
        """
        self._ask("POST", "objects", json={"objects": objects, "account": account})

    def holds_what_is_told_by(self, events: Iterable[Document]) -> None:
        """
        Keep the objects of these events, as if the events themselves had never been made.
        """
        self.holds(*(event["data"]["object"] for event in events))

    def break_down(self, mode: Mode | str, **how: Any) -> None:
        """
        Break the API in one more way; the fields are those of `Fault`.
        """
        self._ask("POST", "faults", json={"mode": mode, **how})

    def mend(self) -> None:
        """
        End every fault.
        """
        self._ask("DELETE", "faults")

    def close(self) -> None:
        """
        Close the connections of this client.
        """
        self._session.close()

    # Questions

    def requests(self) -> list[Document]:
        """
        List the requests received, oldest first.
        """
        received: list[Document] = self._ask("GET", "requests")["requests"]
        return received

    def count(self, kind: str) -> int:
        """
        Tell how many objects of one kind there are: 'event', 'payment_intent', 'refund', …
        """
        return int(self._ask("GET", "objects", params={"kind": kind})["count"])

    def _ask(self, method: str, name: str, **more: Any) -> Document:
        answer = self._session.request(method, f"{self.url}/_stripe/{name}", timeout=TIMEOUT_SECONDS, **more)
        if not answer.ok:
            raise ControlRefusedError(f"{method} {name}: {answer.status_code} {answer.text[:500]}")
        document: Document = answer.json()
        return document
