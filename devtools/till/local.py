"""
The manners of every page of the till: this machine only, errors in JSON.
"""

from http import HTTPStatus
from typing import Any

import tornado.web

from devtools.till.place import Till
from devtools.till.refusals import SquareError, errors_document

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1", "[::1]")


class LocalHandler(tornado.web.RequestHandler):
    """Anything that the till serves."""

    def initialize(self, till: Till) -> None:
        """Know the till it serves."""
        self.till = till

    def prepare(self) -> None:
        """Turn away whoever calls the till by a name that is not this machine's."""
        # A page on the internet can point its own name at 127.0.0.1, but it cannot change what it is called.
        if self.request.host_name not in LOOPBACK_NAMES:
            raise tornado.web.HTTPError(HTTPStatus.FORBIDDEN)

    def set_default_headers(self) -> None:
        """Keep answers out of caches and names out of headers."""
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")

    def compute_etag(self) -> str | None:
        """Do without: an answer is never to be replaced by 304."""
        return None

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Say in Square's words what tornado refused, or that the till itself has a bug."""
        ours = status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        error = SquareError(
            category="API_ERROR" if ours else "INVALID_REQUEST_ERROR",
            code="INTERNAL_SERVER_ERROR" if ours else "BAD_REQUEST",
            detail=f"The till answers: {HTTPStatus(status_code).phrase}.",
        )
        self.finish(errors_document([error]))
