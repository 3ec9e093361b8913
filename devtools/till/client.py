"""
The controls of a till that runs anywhere on this machine: look into it, break it, mend it.
"""

from dataclasses import asdict
from typing import Any

import requests

from devtools.till.documents import Document
from devtools.till.faults import Fault, Mode
from devtools.till.tickets import Counts, Ticket
from devtools.till.visits import Visit

TIMEOUT_SECONDS = 10


class ControlRefusedError(RuntimeError):
    """
    The till did not do what its control API was asked to do.
    """


class TillClient:
    """The control API of one till."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business between us and our own machine

    # Changes

    def break_down(
        self,
        mode: Mode | str,
        *,
        times: int | None = None,
        probability: float = 1.0,
        seed: int | None = None,
        path: str | None = None,
        method: str | None = None,
        reference_id: str | None = None,
        status: int | None = None,
        seconds: float | None = None,
        effect: bool = False,
        adding: bool = False,
    ) -> None:
        """
        Break the till in one way, in place of any other way; with `adding`, on top of them.

        The fields are those of `Fault`. Where several faults match a request, the first one that was set strikes.
        """
        fault = Fault(
            mode=Mode(mode),
            times=times,
            probability=probability,
            seed=seed,
            path=path,
            method=method,
            reference_id=reference_id,
            status=status,
            seconds=seconds,
            effect=effect,
        )
        self._ask("POST" if adding else "PUT", "faults", json=asdict(fault))

    def move_fulfillment(self, order_id: str, state: str) -> None:
        """Let the kitchen move on with an order: RESERVED, PREPARED, COMPLETED, or CANCELED, FAILED."""
        self._ask("POST", "fulfillments", json={"order_id": order_id, "state": state})

    def mend(self) -> None:
        """End every fault. Requests that hang already keep hanging."""
        self._ask("DELETE", "faults")

    def close(self) -> None:
        """Close the connections of this client."""
        self._session.close()

    # Questions

    def orders(self, *, reference_id: str | None = None) -> list[Ticket]:
        """List the orders the till holds, newest first."""
        params = {} if reference_id is None else {"reference_id": reference_id}
        return [Ticket(**row) for row in self._ask("GET", "orders", params=params)["orders"]]

    def counts(self) -> Counts:
        """Count what the till holds."""
        return Counts(**self._ask("GET", "counts"))

    def requests(self) -> list[Visit]:
        """List the last requests the till received, newest first."""
        return [Visit(**row) for row in self._ask("GET", "requests")["requests"]]

    def faults(self) -> list[Document]:
        """List the faults in force, each with the number of times it `struck`."""
        faults: list[Document] = self._ask("GET", "faults")["faults"]
        return faults

    def _ask(self, method: str, name: str, **more: Any) -> Document:
        answer = self._session.request(method, f"{self.url}/_till/{name}", timeout=TIMEOUT_SECONDS, **more)
        if not answer.ok:
            raise ControlRefusedError(f"{method} {name}: {answer.status_code} {answer.text[:500]}")
        document: Document = answer.json()
        return document
