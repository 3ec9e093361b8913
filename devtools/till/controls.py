"""
The control API under `/_till/`: what the till holds, and what is broken about it. Not part of Square's API.
"""

import json
from dataclasses import asdict
from http import HTTPStatus

from devtools.till.documents import NotADocumentError, document_from
from devtools.till.faults import Fault, ImpossibleFaultError
from devtools.till.kitchen import move_fulfillment
from devtools.till.local import LocalHandler
from devtools.till.refusals import RequestRefusedError
from devtools.till.request_shapes import ORDER_ID
from devtools.till.schema import Shape, check
from devtools.till.shapes import FULFILLMENT_STATE
from devtools.till.tickets import counts, latest_tickets
from devtools.till.times import written
from devtools.till.visits import latest_visits

MOST_VISITS = 10_000
MOVE = Shape(fields={"order_id": ORDER_ID, "state": FULFILLMENT_STATE}, required=("order_id", "state"))


class OrdersControl(LocalHandler):
    """`GET /_till/orders?reference_id=`: the orders the till holds, newest first."""

    def get(self) -> None:
        """List them."""
        reference_id = self.get_query_argument("reference_id", None)
        tickets = latest_tickets(self.till.ledger, reference_id=reference_id)
        self.finish({"orders": [asdict(ticket) for ticket in tickets]})


class CountsControl(LocalHandler):
    """`GET /_till/counts`: how much the till holds."""

    def get(self) -> None:
        """Count."""
        self.finish(asdict(counts(self.till.ledger)))


class FulfillmentsControl(LocalHandler):
    """`POST /_till/fulfillments` with `order_id` and `state`: the kitchen moves on, or stops."""

    def post(self) -> None:
        """Move it, and show the order."""
        try:
            told = check(document_from(self.request.body), MOVE)
            with self.till.ledger.keeping():
                order = move_fulfillment(
                    self.till.ledger, told["order_id"], state=told["state"], at=written(self.till.clock())
                )
        except (NotADocumentError, RequestRefusedError) as error:
            self.set_status(HTTPStatus.BAD_REQUEST)
            self.finish({"error": str(error)})
        else:
            self.finish({"order": order})


class RequestsControl(LocalHandler):
    """`GET /_till/requests`: the last requests received, newest first."""

    def get(self) -> None:
        """List them."""
        visits = latest_visits(self.till.ledger, limit=MOST_VISITS)
        self.finish({"requests": [asdict(visit) for visit in visits]})


class FaultsControl(LocalHandler):
    """`/_till/faults`: one fault, or `{"faults": [...]}`."""

    def get(self) -> None:
        """Show the faults in force, and how often each has struck."""
        self._show()

    def put(self) -> None:
        """Put the faults of the body in place of all others."""
        try:
            self.till.faults.set(self._faults())
        except ImpossibleFaultError as error:
            self._refuse(error)
        else:
            self._show()

    def post(self) -> None:
        """Add the faults of the body to those in force."""
        try:
            self.till.faults.add(self._faults())
        except ImpossibleFaultError as error:
            self._refuse(error)
        else:
            self._show()

    def delete(self) -> None:
        """Mend everything."""
        self.till.faults.clear()
        self._show()

    def _faults(self) -> list[Fault]:
        try:
            told = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise ImpossibleFaultError("The body is not JSON.") from error
        many = told.get("faults") if isinstance(told, dict) and "faults" in told else [told]
        if not isinstance(many, list):
            raise ImpossibleFaultError("faults is a list of faults.")
        return [Fault.from_document(one) for one in many]

    def _show(self) -> None:
        self.finish({"faults": [standing.as_document() for standing in self.till.faults.standing]})

    def _refuse(self, error: ImpossibleFaultError) -> None:
        self.set_status(HTTPStatus.BAD_REQUEST)
        self.finish({"error": str(error)})
