"""
What may be shown of a task's arguments and answer: numbers, and that there was something else.

Closed by default: a guest's name looks like any other text, so no text is shown. What is shown once reads as a Python
literal and may be shown again without changing.
"""

import ast
import itertools
import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from uuid import UUID

TEXT, NUMBER, OBJECT, DEEPER = "<text>", "<number>", "<object>", "<deeper>"
MOST_SHOWN = 100  # as many orders as the fullest message carries: each can be searched for
DEEPEST = 4
LONG_NUMBER = 10**9  # ten digits and more may be a telephone
_HARMLESS = re.compile(
    rf"{TEXT}|{NUMBER}|{OBJECT}|{DEEPER}|… \d+ in all|[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|"
)
# Keys are written by programmers; what a guest typed rarely looks like this.
_KEY = re.compile(r"[a-z_][a-z0-9_]{0,39}")


def shown(value: object) -> str:
    """
    The value as it may be shown: `([1, 2, 3],)`, `(7, '<text>')`.
    """
    return repr(_without_text(value, 0))


def shown_again(text: str) -> str:
    """
    What may be shown of a value of which only Python's representation is left; nothing, if that cannot be read.
    """
    try:
        return shown(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return repr(TEXT)


def _without_text(value: object, depth: int) -> object:
    if isinstance(value, Mapping | list | tuple | AbstractSet):
        return _parts_without_text(value, depth + 1) if depth < DEEPEST else DEEPER
    if isinstance(value, str | UUID):
        return str(value) if _HARMLESS.fullmatch(str(value)) else TEXT
    if isinstance(value, int | float):  # True and False, too
        return value if abs(value) < LONG_NUMBER else NUMBER
    return None if value is None else OBJECT


def _parts_without_text(parts: Collection[object], depth: int) -> object:
    # One more than that is shown rather than counted, so that a list with its count may be shown again.
    many = len(parts) > MOST_SHOWN + 1
    first = list(itertools.islice(parts, MOST_SHOWN if many else None))
    if isinstance(parts, Mapping):
        return {_key(key): _without_text(parts[key], depth) for key in first}
    told = [_without_text(part, depth) for part in first]
    if many:
        told.append(f"… {len(parts)} in all")
    return tuple(told) if isinstance(parts, tuple) else told


def _key(key: object) -> object:
    if isinstance(key, str) and _KEY.fullmatch(key):
        return key
    return _without_text(key, DEEPEST)
