"""
What every answer of the mailbox over HTTP has in common.
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tornado.web import HTTPError, RequestHandler

from devtools.mailbox.fault_board import FaultBoard
from devtools.mailbox.letter import Letter
from devtools.mailbox.options import is_loopback
from devtools.mailbox.shelf import Shelf

LONGEST_NUMBER = 18  # digits that fit into an SQLite integer
PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """
    What the pages need at hand.
    """

    shelf: Shelf
    faults: FaultBoard
    about: dict[str, Any]


class Page(RequestHandler):
    """
    What all answers have in common.
    """

    desk: Desk

    def initialize(self, desk: Desk) -> None:
        """
        Take the desk.
        """
        self.desk = desk

    def prepare(self) -> None:
        """
        Refuse a foreign page that reached us through a name of its own (DNS rebinding).
        """
        name = urlsplit(f"//{self.request.host}").hostname or ""
        if not is_loopback(name):
            raise HTTPError(403, f"{name!r} is not a name of this machine.")

    def set_default_headers(self) -> None:
        """
        Keep what is shown away from other pages.
        """
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")

    async def letter_or_404(self, letter_id: str) -> Letter:
        """
        Find the letter of this address.
        """
        letter = await asyncio.to_thread(self.desk.shelf.letter, int(letter_id))
        if letter is None:
            raise HTTPError(404, f"There is no letter {letter_id}.")
        return letter

    def whole_number(self, name: str, default: int) -> int:
        """
        Read a whole number from the query.
        """
        text = self.get_argument(name, str(default))
        if not text.isdecimal() or len(text) > LONGEST_NUMBER:
            raise HTTPError(400, f"{name} is {text!r}. Write a whole number.")
        return int(text)
