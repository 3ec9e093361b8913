"""
What the till answers when it does not take a request, in Square's error words.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from devtools.till.documents import Document


@dataclass(frozen=True, kw_only=True)
class SquareError:
    """One row of Square's `errors` list."""

    code: str
    detail: str
    field: str | None = None
    category: str = "INVALID_REQUEST_ERROR"

    def as_document(self) -> Document:
        """Write the row as Square writes it: no field, no key."""
        row = {"category": self.category, "code": self.code, "detail": self.detail}
        return row if self.field is None else {**row, "field": self.field}


class RequestRefusedError(Exception):
    """
    The till understood the request well enough to refuse it; nothing was kept.
    """

    def __init__(self, *errors: SquareError, status: int = 400) -> None:
        super().__init__("; ".join(error.detail for error in errors))
        self.errors = errors
        self.status = status


def errors_document(errors: Iterable[SquareError]) -> Document:
    """Write the body of an answer that carries errors."""
    return {"errors": [error.as_document() for error in errors]}


def bad_request(detail: str, *, field: str | None = None, code: str = "BAD_REQUEST") -> RequestRefusedError:
    """Refuse a request that is wrong in itself: repeating it does not help."""
    return RequestRefusedError(SquareError(code=code, detail=detail, field=field))


def not_found(detail: str, *, field: str | None = None) -> RequestRefusedError:
    """Refuse to name something the till does not hold."""
    return RequestRefusedError(SquareError(code="NOT_FOUND", detail=detail, field=field), status=404)


def unauthorized(detail: str) -> RequestRefusedError:
    """Refuse a caller whose bearer token is missing or wrong."""
    error = SquareError(category="AUTHENTICATION_ERROR", code="UNAUTHORIZED", detail=detail)
    return RequestRefusedError(error, status=401)
