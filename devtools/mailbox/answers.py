"""
What the mailbox answers to programs: JSON below `/_mailbox/`.
"""

import asyncio
import json
from base64 import b64encode
from dataclasses import asdict
from typing import Any

from devtools.mailbox.faults import Fault
from devtools.mailbox.letter import Letter
from devtools.mailbox.page import Page

MOST_LETTERS_PER_ANSWER = 1000


class Letters(Page):
    """
    `GET /_mailbox/messages`: letters in the order they came; go on with `after=` the last id.
    """

    async def get(self) -> None:
        """
        Answer with the letters.
        """
        limit = min(self.whole_number("limit", MOST_LETTERS_PER_ANSWER), MOST_LETTERS_PER_ANSWER)
        letters = await asyncio.to_thread(
            self.desk.shelf.letters,
            recipient=self.get_argument("recipient", None),
            message_id=self.get_argument("message_id", None),
            after=self.whole_number("after", 0),
            limit=limit,
        )
        self.write({"messages": [as_json(letter) for letter in letters]})


class CountsPage(Page):
    """
    `GET /_mailbox/counts`.
    """

    async def get(self) -> None:
        """
        Answer with the two numbers.
        """
        self.write(asdict(await asyncio.to_thread(self.desk.shelf.counts)))


class Faults(Page):
    """
    `GET`, `PUT` (one fault more) and `DELETE` (mend everything) on `/_mailbox/faults`.
    """

    def get(self) -> None:
        """
        Tell what is in force.
        """
        self.write({"faults": self.desk.faults.listing()})

    def put(self) -> None:
        """
        Put one more fault in force.
        """
        try:
            wish = json.loads(self.request.body)
            self.desk.faults.put(Fault.of(wish))
        except ValueError as wrong:  # BadFault and what is no JSON
            self.set_status(400)
            self.write({"error": str(wrong)})
            return
        self.get()

    def delete(self) -> None:
        """
        Mend everything.
        """
        self.desk.faults.mend()
        self.get()


class About(Page):
    """
    `GET /_mailbox/about`: the same as mailbox.json.
    """

    def get(self) -> None:
        """
        Answer with the address.
        """
        self.write(self.desk.about)


def as_json(letter: Letter) -> dict[str, Any]:
    """
    Write a letter so that MailboxClient can read it.
    """
    fields = asdict(letter)
    fields["raw"] = b64encode(letter.raw).decode("ascii")
    fields["received_at"] = letter.received_at.isoformat()
    return fields
