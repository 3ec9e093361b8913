"""
The manners of every page: this machine only, nothing cached.
"""

from http import HTTPStatus
from typing import Any

import tornado.web

from devtools.stripe_api.place import StripeApi
from devtools.stripe_api.refusals import error_document

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1", "[::1]")


class LocalHandler(tornado.web.RequestHandler):
    """
    Anything that the API serves.
    """

    def initialize(self, api: StripeApi) -> None:
        """
        Know the API it belongs to.
        """
        self.api = api

    def prepare(self) -> None:
        """
        Turn away whoever calls by a name that is not this machine's: a page on the internet can point its name here.
        """
        if self.request.host_name not in LOOPBACK_NAMES:
            raise tornado.web.HTTPError(HTTPStatus.FORBIDDEN)

    def set_default_headers(self) -> None:
        """
        Keep answers out of caches.
        """
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-cache, no-store")

    def compute_etag(self) -> str | None:
        """
        Do without: an answer is never to be replaced by 304.
        """
        return None

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """
        Say what tornado refused, or that the stand-in itself has a bug.
        """
        self.finish(error_document(HTTPStatus(status_code).phrase, type_="api_error"))
