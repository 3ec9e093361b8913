"""
Who and what is let in: the token, the version, the size, and one JSON object.
"""

import hmac
import re

from tornado.httputil import HTTPServerRequest

from devtools.till.documents import Document, NotADocumentError, document_from
from devtools.till.refusals import RequestRefusedError, SquareError, bad_request, unauthorized

LARGEST_BODY_BYTES = 512 * 1024


def admit(request: HTTPServerRequest, *, token: str) -> Document:
    """Read the body of a request that may come in; empty where a method carries none."""
    _check_token(request.headers.get("Authorization", ""), token=token)
    _check_version(request.headers.get("Square-Version"))
    _check_size(request.body)
    return _read_body(request) if request.method in ("POST", "PUT") else {}


def _check_token(header: str, *, token: str) -> None:
    scheme, _, told = header.partition(" ")
    if scheme.lower() != "bearer" or not told.strip():
        raise unauthorized("The request carries no bearer token.")
    if not hmac.compare_digest(told.strip().encode(), token.encode()):
        raise unauthorized("The access token is not one of this till's.")


def _check_version(version: str | None) -> None:
    if version is not None and re.fullmatch(r"\d{4}-\d\d-\d\d", version) is None:
        detail = "Square-Version must be a date, for example 2026-09-16."
        raise bad_request(detail, code="INVALID_SQUARE_VERSION_FORMAT")


def _check_size(body: bytes) -> None:
    if len(body) > LARGEST_BODY_BYTES:
        detail = f"The body must not be larger than {LARGEST_BODY_BYTES} bytes."
        raise RequestRefusedError(SquareError(code="REQUEST_ENTITY_TOO_LARGE", detail=detail), status=413)


def _read_body(request: HTTPServerRequest) -> Document:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise bad_request("The body must be application/json.", code="INVALID_CONTENT_TYPE")
    try:
        return document_from(request.body)
    except NotADocumentError as error:
        detail = f"The body is not one JSON object: {error}"
        raise bad_request(detail, code="EXPECTED_JSON_BODY") from error
