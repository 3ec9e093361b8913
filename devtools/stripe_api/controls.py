"""
The control API under `/_stripe/`: what happened at Stripe, and what is broken about it. Not part of Stripe's API.
"""

import json
from http import HTTPStatus
from typing import Any

from devtools.stripe_api.faults import Fault, ImpossibleFaultError, StandingFault
from devtools.stripe_api.local import LocalHandler


class Control(LocalHandler):
    """
    One control.
    """

    def told(self) -> Any:
        """
        What the caller says.
        """
        return json.loads(self.request.body)


class EventsControl(Control):
    """
    `POST /_stripe/events`: `{"events": […], "delivered": false}`.
    """

    def post(self) -> None:
        """
        Keep events and their objects.
        """
        told = self.told()
        self.api.books.happened(told["events"], delivered=bool(told.get("delivered")))
        self.finish({})


class ObjectsControl(Control):
    """
    `/_stripe/objects`: objects without an event, and how many there are of a kind.
    """

    def get(self) -> None:
        """
        Count.
        """
        self.finish({"count": self.api.books.count(self.get_query_argument("kind"))})

    def post(self) -> None:
        """
        Keep them.
        """
        self.api.books.holds(self.told()["objects"], account=self.told().get("account", ""))
        self.finish({})


class RequestsControl(Control):
    """
    `/_stripe/requests`: every request since the start, oldest first.
    """

    def get(self) -> None:
        """
        List them.
        """
        self.finish({"requests": self.api.requests})


class FaultsControl(Control):
    """
    `/_stripe/faults`: what is broken.
    """

    def get(self) -> None:
        """
        Show the faults in force, and how often each has struck.
        """
        self.finish({"faults": [standing.as_document() for standing in self.api.faults]})

    def post(self) -> None:
        """
        Add one.
        """
        try:
            self.api.faults.append(StandingFault(Fault.from_document(self.told())))
        except ImpossibleFaultError as error:
            self.set_status(HTTPStatus.BAD_REQUEST)
            self.finish({"error": str(error)})
        else:
            self.get()

    def delete(self) -> None:
        """
        Mend everything.
        """
        self.api.faults.clear()
        self.get()
