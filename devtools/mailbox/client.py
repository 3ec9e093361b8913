"""
How tests and tools ask a mailbox, in this process or in another one.
"""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from typing import Any

import requests

from devtools.mailbox.faults import BadFault, Fault, Mode, Phase
from devtools.mailbox.letter import Letter
from devtools.mailbox.shelf import Counts

TIMEOUT_SECONDS = 10


class MailboxClient:
    """
    A mailbox seen from outside: what came, and what shall go wrong.
    """

    def __init__(self, url: str, *, letters_per_answer: int = 1000) -> None:
        self.url = url.rstrip("/")
        self._letters_per_answer = letters_per_answer

    @property
    def smtp_host(self) -> str:
        """
        Where letters are posted.
        """
        return str(self._about["smtp_host"])

    @property
    def smtp_port(self) -> int:
        """
        At which port letters are posted.
        """
        return int(self._about["smtp_port"])

    def messages(self, recipient: str | None = None, message_id: str | None = None) -> list[Letter]:
        """
        List all letters in the order they came, duplicates included.
        """
        return list(self._letters(recipient=recipient, message_id=message_id))

    def counts(self) -> Counts:
        """
        Count letters and different Message-IDs.
        """
        return Counts(**self._ask("GET", "/_mailbox/counts"))

    def break_down(
        self,
        mode: Mode | str,
        *,
        phase: Phase | str,
        times: int | None = None,
        recipient: str | None = None,
        probability: float = 1.0,
        seed: int = 0,
        code: int | None = None,
        seconds: float = 1.0,
        keep: bool = True,
    ) -> None:
        """
        Let something go wrong from now on: `times` times, or until mended. See Fault for the words.
        """
        wish = Fault.of(
            {
                "mode": mode,
                "phase": phase,
                "times": times,
                "recipient": recipient,
                "probability": probability,
                "seed": seed,
                "code": code,
                "seconds": seconds,
                "keep": keep,
            }
        )
        self._ask("PUT", "/_mailbox/faults", json=asdict(wish))

    def mend(self) -> None:
        """
        Let everything work again; what hangs goes on.
        """
        self._ask("DELETE", "/_mailbox/faults")

    def faults(self) -> list[dict[str, Any]]:
        """
        Tell what is in force, and in `struck` how often each one happened.
        """
        listed: list[dict[str, Any]] = self._ask("GET", "/_mailbox/faults")["faults"]
        return listed

    @cached_property
    def _about(self) -> dict[str, Any]:
        return self._ask("GET", "/_mailbox/about")

    def _letters(self, *, recipient: str | None, message_id: str | None) -> Iterator[Letter]:
        after, limit = 0, self._letters_per_answer
        while True:
            wanted = {"recipient": recipient, "message_id": message_id, "after": after, "limit": limit}
            page = self._ask("GET", "/_mailbox/messages", params=wanted)["messages"]
            if not page:
                return
            yield from map(letter_from_json, page)
            after = page[-1]["id"]

    def _ask(self, verb: str, path: str, **content: Any) -> dict[str, Any]:
        with requests.Session() as session:
            session.trust_env = False  # a proxy for the outside world does not know this machine's ports
            answer = session.request(verb, self.url + path, timeout=TIMEOUT_SECONDS, **content)
        if answer.status_code == requests.codes.bad_request:
            raise BadFault(answer.json()["error"])
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def letter_from_json(fields: dict[str, Any]) -> Letter:
    """
    Read a letter as the mailbox wrote it.
    """
    unfolded = {
        **fields,
        "recipients": tuple(fields["recipients"]),
        "raw": b64decode(fields["raw"]),
        "received_at": datetime.fromisoformat(fields["received_at"]),
    }
    return Letter(**unfolded)
