"""
What a broken till says where it says anything: Square's errors by status, or a page of HTML.
"""

import json

from devtools.till.faults import Fault, Mode
from devtools.till.refusals import SquareError, errors_document

CATEGORY_AND_CODE = {
    400: ("INVALID_REQUEST_ERROR", "BAD_REQUEST"),
    401: ("AUTHENTICATION_ERROR", "ACCESS_TOKEN_EXPIRED"),
    403: ("AUTHENTICATION_ERROR", "FORBIDDEN"),
    404: ("INVALID_REQUEST_ERROR", "NOT_FOUND"),
    408: ("API_ERROR", "REQUEST_TIMEOUT"),
    409: ("INVALID_REQUEST_ERROR", "CONFLICT"),
    410: ("INVALID_REQUEST_ERROR", "GONE"),
    422: ("INVALID_REQUEST_ERROR", "UNPROCESSABLE_ENTITY"),
    429: ("RATE_LIMIT_ERROR", "RATE_LIMITED"),
    500: ("API_ERROR", "INTERNAL_SERVER_ERROR"),
    501: ("API_ERROR", "NOT_IMPLEMENTED"),
    502: ("API_ERROR", "BAD_GATEWAY"),
    503: ("API_ERROR", "SERVICE_UNAVAILABLE"),
    504: ("API_ERROR", "GATEWAY_TIMEOUT"),
}

HTML_PAGE = """<!doctype html>
<html lang="en"><head><title>Something went wrong</title></head>
<body><h1>Something went wrong</h1><p>This page stands where an answer in JSON was due.</p></body></html>
"""


def error_answer(status: int, *, because: str) -> str:
    """Write the error body for a status."""
    category, code = CATEGORY_AND_CODE[status]
    document = errors_document([SquareError(category=category, code=code, detail=because)])
    return json.dumps(document)


def fault_headers(fault: Fault) -> dict[str, str]:
    """Give the headers that a fault adds to its answer."""
    if fault.mode is Mode.RATE_LIMITED:
        return {"Retry-After": str(int(fault.wait_seconds))}
    return {"Content-Type": "text/html; charset=utf-8"} if fault.mode is Mode.HTML else {}
