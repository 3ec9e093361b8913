"""
The words in which the shapes of Square's requests are written down.

A rule looks at one value and says every complaint it has; `check` turns complaints into a refusal.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from devtools.till.documents import Document, without_nulls
from devtools.till.refusals import RequestRefusedError, SquareError
from devtools.till.times import NotATimeError, parse_moment

MOST_COMPLAINTS = 20  # an answer lists no more than this


class Rule(Protocol):
    """Anything that can look at a value and complain."""

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Say what is wrong with the value, or nothing."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """A string between two lengths, optionally of one pattern."""

    longest: int
    shortest: int = 0
    pattern: str | None = None

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Complain of anything that is not such a string."""
        if not isinstance(value, str):
            yield SquareError(code="EXPECTED_STRING", detail="Expected a string value.", field=field)
        elif not _is_encodable(value):
            yield SquareError(code="INVALID_VALUE", detail="The string is not valid Unicode.", field=field)
        elif len(value) < self.shortest:
            code = "VALUE_TOO_SHORT" if value else "VALUE_EMPTY"
            yield SquareError(code=code, detail=f"Needs at least {self.shortest} characters.", field=field)
        elif len(value) > self.longest:
            detail = f"Must not be longer than {self.longest} characters."
            yield SquareError(code="VALUE_TOO_LONG", detail=detail, field=field)
        elif self.pattern is not None and re.fullmatch(self.pattern, value, re.ASCII) is None:
            detail = f"Does not match the pattern {self.pattern}."
            yield SquareError(code="VALUE_REGEX_MISMATCH", detail=detail, field=field)


@dataclass(frozen=True)
class Choice:
    """One of a few names."""

    names: tuple[str, ...]

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Complain of any other name."""
        if value not in self.names:
            detail = f"Must be one of {', '.join(self.names)}."
            yield SquareError(code="INVALID_ENUM_VALUE", detail=detail, field=field)


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A whole number between two bounds; true, false and 1.0 are none."""

    least: int = 0
    most: int = 2**53

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Complain of anything that is not such a number."""
        if not isinstance(value, int) or isinstance(value, bool):
            yield SquareError(code="EXPECTED_INTEGER", detail="Expected an integer value.", field=field)
        elif value < self.least:
            yield SquareError(code="VALUE_TOO_LOW", detail=f"Must be at least {self.least}.", field=field)
        elif value > self.most:
            yield SquareError(code="VALUE_TOO_HIGH", detail=f"Must be at most {self.most}.", field=field)


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Complain of anything else."""
        if not isinstance(value, bool):
            yield SquareError(code="EXPECTED_BOOLEAN", detail="Expected a boolean value.", field=field)


@dataclass(frozen=True)
class Moment:
    """A point in time in RFC 3339, with its offset."""

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Complain of anything that is not such a time."""
        try:
            parse_moment(value)
        except NotATimeError as error:
            yield SquareError(code="INVALID_TIME", detail=str(error), field=field)


@dataclass(frozen=True)
class ReadOnly:
    """A field that Square fills in itself."""

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:  # noqa: ARG002 - any value is wrong
        """Complain whatever the value is."""
        yield SquareError(code="BAD_REQUEST", detail="The field is read-only.", field=field)


@dataclass(frozen=True, kw_only=True)
class Many:
    """A list of values that follow one rule."""

    of: Rule
    most: int
    least: int = 0

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Complain of the list's length and of each of its values."""
        if not isinstance(value, list):
            yield SquareError(code="EXPECTED_ARRAY", detail="Expected an array.", field=field)
            return
        if len(value) < self.least:
            yield SquareError(code="ARRAY_EMPTY", detail=f"Needs at least {self.least} values.", field=field)
        if len(value) > self.most:
            detail = f"Takes at most {self.most} values."
            yield SquareError(code="ARRAY_LENGTH_TOO_LONG", detail=detail, field=field)
            return
        for place, part in enumerate(value):
            yield from self.of.complaints(part, f"{field}[{place}]")


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Application-defined metadata: short names with short texts."""

    most: int = 10
    longest_name: int = 60
    longest_text: int = 255

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Complain of the number of labels and of each of them."""
        if not isinstance(value, dict):
            yield SquareError(code="EXPECTED_MAP", detail="Expected a map.", field=field)
            return
        if len(value) > self.most:
            detail = f"Takes at most {self.most} entries."
            yield SquareError(code="TOO_MANY_MAP_ENTRIES", detail=detail, field=field)
        name_rule = Text(shortest=1, longest=self.longest_name, pattern=r"[a-zA-Z0-9_-]+")
        for name, text in value.items():
            yield from name_rule.complaints(name, field)
            yield from Text(longest=self.longest_text).complaints(text, f"{field}.{name}")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """An object of known fields; any other field is an error, as it is at Square."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()

    def complaints(self, value: Any, field: str) -> Iterator[SquareError]:
        """Complain of missing and unknown fields, and of each field's value."""
        if not isinstance(value, dict):
            yield SquareError(code="EXPECTED_OBJECT", detail="Expected an object.", field=field)
            return
        for name in self.required:
            if value.get(name) is None:
                detail = "The field is required."
                yield SquareError(code="MISSING_REQUIRED_PARAMETER", detail=detail, field=_path(field, name))
        for name, part in value.items():
            yield from self._complaints_of(name, part, _path(field, name))

    def _complaints_of(self, name: str, part: Any, field: str) -> Iterator[SquareError]:
        rule = self.fields.get(name)
        if rule is None:
            detail = "The API endpoint does not know this field."
            yield SquareError(code="UNKNOWN_BODY_PARAMETER", detail=detail, field=field)
        elif part is not None:
            yield from rule.complaints(part, field)


def check(document: Document, shape: Shape) -> Document:
    """Give the document without nulls, or refuse it with every complaint."""
    complaints = list(shape.complaints(document, ""))
    if complaints:
        raise RequestRefusedError(*complaints[:MOST_COMPLAINTS])
    kept: Document = without_nulls(document)
    return kept


def _path(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _is_encodable(text: str) -> bool:
    # json.loads lets a lone surrogate through; SQLite would stumble over it later.
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
