"""
Find a pattern in a stream that comes in pieces.
"""

import re


class Scanner:
    """
    Looks for a pattern in one direction of one connection, across the borders of pieces.
    """

    def __init__(self, pattern: bytes, *, longest: int) -> None:
        self._pattern = re.compile(pattern, re.DOTALL)
        self._longest = longest
        self._before = b""  # what a match may have begun in

    def first(self, piece: bytes) -> tuple[int, int] | None:
        """
        Where the next match lies in this piece (a start before it counts as 0), or None if it holds no more.

        After a match, look again with what follows it; a piece without a match is remembered for the next one.
        """
        text = self._before + piece
        found = self._pattern.search(text)
        if found is None or found.end() == found.start():
            self._before = text[-self._longest :]
            return None
        offset = len(self._before)
        self._before = b""
        return max(0, found.start() - offset), found.end() - offset
