"""
Every address the API answers at, listed once.
"""

from functools import partial

import tornado.web

from devtools.stripe_api.books import Document
from devtools.stripe_api.controls import EventsControl, FaultsControl, ObjectsControl, RequestsControl
from devtools.stripe_api.door import StripeDoor
from devtools.stripe_api.listing import Listing, page_of
from devtools.stripe_api.place import StripeApi
from devtools.stripe_api.refusals import no_such

THIRTY_DAYS = 30 * 24 * 60 * 60

LISTS = (
    Listing(kind="event", url="/v1/events", goes_back_seconds=THIRTY_DAYS),
    Listing(kind="payment_intent", url="/v1/payment_intents", filters=("customer",)),
    Listing(kind="checkout.session", url="/v1/checkout/sessions", filters=("payment_intent", "status")),
    Listing(kind="charge", url="/v1/charges", filters=("payment_intent",)),
    Listing(kind="refund", url="/v1/refunds", filters=("charge", "payment_intent")),
    Listing(kind="dispute", url="/v1/disputes", filters=("charge", "payment_intent")),
)
OWN = {
    r"/_stripe/events": EventsControl,
    r"/_stripe/objects": ObjectsControl,
    r"/_stripe/requests": RequestsControl,
    r"/_stripe/faults": FaultsControl,
}


def application(api: StripeApi) -> tornado.web.Application:
    """
    Make the account a web application.
    """
    lists = [(listing.url, partial(list_, listing)) for listing in LISTS]
    single = [(f"{listing.url}/([^/]+)", partial(retrieve, listing)) for listing in LISTS]
    return tornado.web.Application(
        [
            *[(path, StripeDoor, {"api": api, "operation": done}) for path, done in lists + single],
            *[(path, handler, {"api": api}) for path, handler in OWN.items()],
        ],
        default_handler_class=StripeDoor,
        default_handler_args={"api": api},
        log_function=lambda _handler: None,  # every request is remembered already
    )


def list_(listing: Listing, door: StripeDoor, _named: str) -> Document:
    """
    One page of a list.
    """
    owner = door.api.owner(door.account)
    return page_of(listing, door.asked, books=door.api.books, owner=owner, now=int(door.api.clock()))


def retrieve(listing: Listing, door: StripeDoor, named: str) -> Document:
    """
    One object by its id.
    """
    found = door.api.books.find(listing.kind, named, owner=door.api.owner(door.account))
    if found is None:
        param = "intent" if listing.kind == "payment_intent" else "id"
        raise no_such(listing.kind, named, param=param)
    return found
