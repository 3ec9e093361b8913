"""
Points in time as Square writes them: RFC 3339, UTC, milliseconds.
"""

import re
from datetime import UTC, datetime
from typing import Any

# fromisoformat alone would also take week dates and other forms Square does not.
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


class NotATimeError(ValueError):
    """
    The value is not a point in time in RFC 3339.
    """


def parse_moment(value: Any) -> datetime:
    """Read the moment the text names, in UTC."""
    if not isinstance(value, str) or RFC_3339.fullmatch(value) is None:
        raise NotATimeError("Expected a time in RFC 3339, for example 2026-01-31T18:00:00Z.")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotATimeError(f"There is no such time: {error}.") from error


def written(moment: datetime) -> str:
    """Write the moment in the till's one fixed width, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
