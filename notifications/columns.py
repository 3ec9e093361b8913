"""
Text in columns, for people who read their mail as text: wide letters count twice.
"""

import unicodedata
from collections.abc import Iterator

WIDTH = 60
GAP = 2
FIRST_COMBINING = "\u0300"  # every printable letter before it takes one column


def row(left: str, right: str = "", *, indent: int = 0) -> str:
    """
    `left` flush left, wrapped where it is too long; `right` flush right on its first line.
    """
    room = WIDTH - indent - (width(right) + GAP if right else 0)
    first, *rest = list(wrapped(left, room)) or [""]
    space = WIDTH - indent - width(first) - width(right)
    lines = [first + " " * space + right if right else first, *rest]
    return "\n".join(" " * indent + line for line in lines)


def wrapped(text: str, room: int) -> Iterator[str]:
    """
    The text in lines of at most `room` columns, broken between words if that is possible.
    """
    line = ""
    for word in text.split():
        if line and width(line) + 1 + width(word) > room:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
        while width(line) > room:
            head = _fitting(line, room)
            yield head
            line = line[len(head) :]
    if line:
        yield line


def width(text: str) -> int:
    """
    How many columns the text takes in a fixed-width font.
    """
    if text.isprintable() and max(text, default="") < FIRST_COMBINING:  # nearly all text
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def _fitting(text: str, room: int) -> str:
    end = 1
    while end < len(text) and width(text[: end + 1]) <= room:
        end += 1
    return text[:end]
