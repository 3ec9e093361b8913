"""
The door through which Square's API is entered: one request from its arrival to its answer.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from devtools.till.admission import admit
from devtools.till.arrival import hear
from devtools.till.breakdown import suffer
from devtools.till.documents import Answer
from devtools.till.faults import Mode
from devtools.till.local import LocalHandler
from devtools.till.place import Call, Till
from devtools.till.refusals import RequestRefusedError, SquareError, errors_document, not_found
from devtools.till.visits import settle_visit, strike_visit

Operation = Callable[[Till, Call], Answer]


class SquareDoor(LocalHandler):
    """One path of Square's API; an unknown path is a door without operations."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")

    def initialize(self, till: Till, operations: Mapping[str, Operation] | None = None) -> None:
        """Know what can be done behind this door, by HTTP method."""
        super().initialize(till)
        self.operations = operations or {}
        self.struck_by: Mode | None = None
        self.gone = asyncio.Event()

    async def attend(self, named: str = "") -> None:
        """Serve one request, or let it suffer the fault that strikes it."""
        self.named = named
        arrival = hear(self.till, self.request, named=named)
        self.number = arrival.number
        fault = self.till.faults.strike(
            method=str(self.request.method), path=self.request.path, reference_id=arrival.reference_id
        )
        if fault is None:
            self.send(self.work())
        else:
            self.struck_by = fault.mode
            strike_visit(self.till.ledger, self.number, fault=fault.mode)
            await suffer(self, fault)

    get = head = post = delete = patch = put = options = attend

    # What a request can do; a fault calls these in another order, or not at all

    def work(self, *, heard: bool = True) -> Answer:
        """Do what was asked and keep it together with what became of the request."""
        heard = heard and not self.gone.is_set()
        try:
            with self.till.ledger.keeping():
                answer = self._operate()
                self.settle(outcome=answer.outcome, status=answer.status if heard else None)
        except RequestRefusedError as refusal:
            document = errors_document(refusal.errors)
            answer = Answer(document=document, outcome="refused", status=refusal.status)
            self.settle(outcome=answer.outcome, status=answer.status if heard else None)
        return answer

    def settle(self, *, outcome: str, status: int | None) -> None:
        """Keep what became of the request."""
        settle_visit(self.till.ledger, self.number, outcome=outcome, status=status, fault=self.struck_by)

    def send(self, answer: Answer) -> None:
        """Answer in JSON."""
        self.say(
            json.dumps(answer.document), status=answer.status, headers={"Content-Type": "application/json"}
        )

    def say(self, text: str, *, status: int, headers: Mapping[str, str]) -> None:
        """Answer with any text."""
        self.set_status(status)
        version = self.request.headers.get("Square-Version")
        for name, value in headers.items():
            self.set_header(name, value)
        if version is not None and version.isprintable():
            self.set_header("Square-Version", version)
        self.finish(text)

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self.detach().close()

    async def wait_for_caller_to_go(self) -> None:
        """Say nothing until the caller, or the till, hangs up."""
        await self.gone.wait()

    def on_connection_close(self) -> None:
        """Let a hanging request end."""
        self.gone.set()

    def _operate(self) -> Answer:
        operation = self.operations.get(str(self.request.method))
        if not self.operations:
            raise not_found("There is no such endpoint.")
        if operation is None:
            error = SquareError(code="METHOD_NOT_ALLOWED", detail="The endpoint does not take this method.")
            raise RequestRefusedError(error, status=HTTPStatus.METHOD_NOT_ALLOWED)
        body = admit(self.request, token=self.till.token)
        return operation(self.till, Call(body=body, named=self.named, now=self.till.clock()))
