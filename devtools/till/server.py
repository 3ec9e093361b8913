"""
Every address the till answers at, listed once.
"""

from pathlib import Path

import tornado.web

from devtools.till.controls import (
    CountsControl,
    FaultsControl,
    FulfillmentsControl,
    OrdersControl,
    RequestsControl,
)
from devtools.till.door import SquareDoor
from devtools.till.locations import list_locations
from devtools.till.orders import batch_retrieve_orders, create_order, retrieve_order
from devtools.till.page import TicketsPage
from devtools.till.payments import create_payment
from devtools.till.place import Till
from devtools.till.search import search_orders
from devtools.till.updates import update_order

SQUARE = {
    r"/v2/orders": {"POST": create_order},
    r"/v2/orders/search": {"POST": search_orders},
    r"/v2/orders/batch-retrieve": {"POST": batch_retrieve_orders},
    r"/v2/orders/([^/]+)": {"GET": retrieve_order, "PUT": update_order},
    r"/v2/payments": {"POST": create_payment},
    r"/v2/locations": {"GET": list_locations},
}

OWN = {
    r"/": TicketsPage,
    r"/_till/orders": OrdersControl,
    r"/_till/counts": CountsControl,
    r"/_till/fulfillments": FulfillmentsControl,
    r"/_till/requests": RequestsControl,
    r"/_till/faults": FaultsControl,
}


def application(till: Till) -> tornado.web.Application:
    """Make the till a web application."""
    return tornado.web.Application(
        [
            *[
                (path, SquareDoor, {"till": till, "operations": operations})
                for path, operations in SQUARE.items()
            ],
            *[(path, handler, {"till": till}) for path, handler in OWN.items()],
        ],
        default_handler_class=SquareDoor,
        default_handler_args={"till": till},
        template_path=str(Path(__file__).parent),
        log_function=_say_nothing,
    )


def _say_nothing(handler: tornado.web.RequestHandler) -> None:
    """Every request is in the ledger already."""
