"""
The door through which Stripe's API is entered: one request from its arrival to its answer.
"""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from devtools.stripe_api.books import Document
from devtools.stripe_api.faults import Fault, Mode
from devtools.stripe_api.listing import Asked
from devtools.stripe_api.local import LocalHandler
from devtools.stripe_api.place import StripeApi
from devtools.stripe_api.refusals import Refused, error_document, unauthorized

HTML_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>A proxy says this.</body></html>"
TOO_MANY = (
    "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
)
Operation = Callable[["StripeDoor", str], Document]


class StripeDoor(LocalHandler):
    """
    One path of the API; an unknown path is a door without an operation.
    """

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")

    def initialize(self, api: StripeApi, operation: Operation | None = None) -> None:
        """
        Know what is done behind this door.
        """
        super().initialize(api)
        self.operation = operation

    async def attend(self, named: str = "") -> None:
        """
        Serve one request, or let it suffer the fault that strikes it.
        """
        standing = self.api.strike(self.request.path)
        self.api.requests.append(
            {"method": self.request.method, "path": self.request.path, "asked": dict(self.asked),
             "fault": standing.fault.mode if standing else None}
        )  # fmt: skip
        if standing is None:
            self._answer(named)
        else:
            await self._suffer(standing.fault, named)

    get = head = post = delete = patch = put = options = attend

    @property
    def asked(self) -> Asked:
        """
        The parameters of the query.
        """
        return {
            name: [value.decode() for value in values]
            for name, values in self.request.query_arguments.items()
        }

    @property
    def account(self) -> str:
        """
        The connected account that the caller speaks for, '' for our own.
        """
        return str(self.request.headers.get("Stripe-Account") or "")

    def _answer(self, named: str) -> None:
        try:
            self._check_key()
            self._say(200, self._operate(named))
        except Refused as refusal:
            self._say(refusal.status, refusal.document)

    def _operate(self, named: str) -> Document:
        if self.operation is None or self.request.method != "GET":
            where = f"{self.request.method}: {self.request.path}"
            raise Refused(f"Unrecognized request URL ({where}). See https://stripe.com/docs.", status=404)
        return self.operation(self, named)

    def _check_key(self) -> None:
        scheme, _, told = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":  # as `curl -u sk_test_…:` sends it
            told = base64.b64decode(told).decode().partition(":")[0]
        if not hmac.compare_digest(told.strip().encode(), self.api.key.encode()):
            raise unauthorized(told.strip())

    async def _suffer(self, fault: Fault, named: str) -> None:
        match fault.mode:
            case Mode.SLOW:
                await asyncio.sleep(fault.seconds)
                self._answer(named)
            case Mode.RATE_LIMITED:
                self.set_header("Retry-After", str(int(fault.seconds)))
                self._say(HTTPStatus.TOO_MANY_REQUESTS, error_document(TOO_MANY, code="rate_limit"))
            case Mode.SERVER_ERROR:
                self._say(fault.status, error_document("An unknown error occurred", type_="api_error"))
            case Mode.HTML:
                self.set_status(HTTPStatus.BAD_GATEWAY)
                self.finish(HTML_PAGE)
            case Mode.HANG_UP:
                self.detach().close()

    def _say(self, status: int, document: dict[str, Any]) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Request-Id", f"req_{len(self.api.requests):014d}")
        version = self.request.headers.get("Stripe-Version", "")
        if version and version.isprintable():
            self.set_header("Stripe-Version", version)
        if status == HTTPStatus.UNAUTHORIZED:
            self.set_header("WWW-Authenticate", 'Basic realm="Stripe"')
        # Indented, as Stripe writes it.
        self.finish(json.dumps(document, indent=2))
