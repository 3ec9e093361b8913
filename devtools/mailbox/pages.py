"""
What the mailbox shows to a person, and the list of all addresses.
"""

import asyncio
from pathlib import Path

from tornado.web import Application

from devtools.mailbox.answers import About, CountsPage, Faults, Letters
from devtools.mailbox.letter import headers_of
from devtools.mailbox.page import Desk, Page

HERE = Path(__file__).parent
LETTERS_PER_PAGE = 50
# What stands in a letter was written by others: no scripts, no outside pictures, no forms, an origin of its own.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; sandbox"


class LetterList(Page):
    """
    The page with all letters, newest first.
    """

    async def get(self) -> None:
        """
        Show one page of the list.
        """
        search, number = self.get_argument("search", ""), max(self.whole_number("page", 1), 1)
        shelf = self.desk.shelf
        letters = await asyncio.to_thread(shelf.page, search=search, number=number, size=LETTERS_PER_PAGE)
        found = await asyncio.to_thread(shelf.found, search=search)
        pages = max(-(-found // LETTERS_PER_PAGE), 1)
        faults = self.desk.faults.listing()
        self.render(
            "list.html",
            letters=letters,
            search=search,
            number=number,
            pages=pages,
            found=found,
            faults=faults,
        )


class LetterPage(Page):
    """
    The page with one letter.
    """

    async def get(self, letter_id: str) -> None:
        """
        Show headers, text, HTML and source.
        """
        letter = await self.letter_or_404(letter_id)
        source = letter.raw.decode("utf-8", errors="replace")
        self.render("letter.html", letter=letter, headers=headers_of(letter.raw), source=source)


class LetterHtml(Page):
    """
    The HTML part alone, for the sandboxed frame.
    """

    async def get(self, letter_id: str) -> None:
        """
        Show it as it was sent, under the strictest policy.
        """
        letter = await self.letter_or_404(letter_id)
        self.set_header("Content-Security-Policy", LETTER_POLICY)
        self.write(letter.html)


class LetterSource(Page):
    """
    The raw bytes.
    """

    async def get(self, letter_id: str) -> None:
        """
        Answer with exactly what came.
        """
        letter = await self.letter_or_404(letter_id)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write(letter.raw)


def mailbox_pages(desk: Desk) -> Application:
    """
    List all addresses.
    """
    at_desk = {"desk": desk}
    return Application(
        [
            (r"/", LetterList, at_desk),
            (r"/letters/(\d{1,18})", LetterPage, at_desk),
            (r"/letters/(\d{1,18})/html", LetterHtml, at_desk),
            (r"/letters/(\d{1,18})/source", LetterSource, at_desk),
            (r"/_mailbox/messages", Letters, at_desk),
            (r"/_mailbox/counts", CountsPage, at_desk),
            (r"/_mailbox/faults", Faults, at_desk),
            (r"/_mailbox/about", About, at_desk),
        ],
        template_path=str(HERE / "templates"),
        static_path=str(HERE / "static"),
        log_function=lambda _page: None,
    )
