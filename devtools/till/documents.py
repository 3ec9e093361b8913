"""
JSON documents as they travel between the till and its callers.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn

Document = dict[str, Any]


class NotADocumentError(ValueError):
    """
    The body is not one JSON object in UTF-8.
    """


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an operation says: the status, the document, and what it did to the till's books."""

    document: Document
    outcome: str
    status: int = 200


def document_from(body: bytes) -> Document:
    """Read one JSON object, strictly: no NaN, no other top level."""
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotADocumentError(str(error)) from error
    if not isinstance(document, dict):
        raise NotADocumentError("The top level is not an object.")
    return document


def fingerprint(document: Document) -> str:
    """Be the same for two documents that say the same, whatever the order of their keys."""
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def without_nulls(value: Any) -> Any:
    """Leave every null out, as Square reads null as absent."""
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [without_nulls(part) for part in value]
    return value


def _no_constant(name: str) -> NoReturn:
    raise NotADocumentError(f"{name} is no JSON number.")
