"""
Stripe at work: delivers the script, keeps what was answered, and in between knocks with what must not be let in.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from devtools.stripe_sender import Delivery, Sender
from devtools.stripe_sender.backoff import Backoff
from devtools.stripe_sender.envelope import Event
from devtools.stripe_sender.events import payment_intent_succeeded
from tests.chaos.deliveries import Script
from tests.chaos.guests import Guest

CONCURRENCY = 8
BACKOFF = Backoff(first_wait_seconds=0.3, longest_wait_seconds=3.0)
KNOCKS_EVERY_SECONDS = 1.0
HOUR = 3600
LARGER_THAN_ANY_EVENT = 300_000
# Stripe goes on for three days; whoever is not accepted this long after the load is counted as never accepted.
STUBBORN_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Heard:
    """
    One attempt: when it set out (Unix time), and how it ended.
    """

    at: float
    delivery: Delivery


@dataclass
class StripeCalls:
    """
    Everything that was delivered in one run, and what was answered.
    """

    script: Script
    url: str
    secret: str
    seed: int
    lasts_seconds: float
    heard: list[Heard] = field(default_factory=list)
    knocks: Counter[str] = field(default_factory=Counter)  # by kind, those that were answered
    let_in: list[str] = field(
        default_factory=list
    )  # kinds of knocks that were answered 2xx: there must be none
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """
        Deliver the whole script, until everything is accepted or `STUBBORN_SECONDS` after its end.
        """
        knocking = threading.Thread(target=self._knock, name="knocks", daemon=True)
        knocking.start()
        try:
            with Sender(self.url, secrets=[self.secret], timeout=10.0, connections=CONCURRENCY) as sender:
                sender.deliver(
                    self.script.plan,
                    concurrency=CONCURRENCY,
                    on_delivery=self._note,
                    backoff=BACKOFF,
                    until_accepted=self.lasts_seconds + STUBBORN_SECONDS,
                )
        finally:
            self.over.set()
            knocking.join()

    @property
    def attempts(self) -> int:
        return len(self.heard)

    def accepted_events(self) -> set[str]:
        """
        The ids of all events that were answered 2xx at least once.
        """
        return {heard.delivery.event_id for heard in self.heard if heard.delivery.accepted}

    def never_accepted(self) -> list[str]:
        """
        The ids of the script's events that were not answered 2xx to this hour: in the end there must be none.
        """
        accepted = self.accepted_events()
        return sorted(event["id"] for event in self.script.events if event["id"] not in accepted)

    def accepted_at(self) -> dict[str, float]:
        """
        When each order's payment was first answered 2xx (Unix time), by reference: from here on it is a promise.
        """
        first: dict[str, float] = {}
        for heard in self.heard:
            if heard.delivery.accepted and heard.delivery.event_id in self.script.paying:
                order = self.script.owner[heard.delivery.event_id]
                answered = heard.at + heard.delivery.seconds
                first[order] = min(answered, first.get(order, answered))
        return first

    def _note(self, delivery: Delivery) -> None:
        self.heard.append(Heard(at=time.time() - delivery.seconds, delivery=delivery))

    # What must not be let in

    def _knock(self) -> None:
        chance = Random(f"{self.seed}/knocks")
        # About orders whose guests walk away: were one of these let in, an unpaid order would be followed up.
        walkers = [g for g in self.script.guests if g.reference not in self.script.payers] or [STRANGER]
        with Sender(self.url, secrets=[self.secret], timeout=10.0, connections=1) as sender:
            while not self.over.wait(KNOCKS_EVERY_SECONDS):
                kind = chance.choice(sorted(KNOCKS))
                event = payment_intent_succeeded(chance.choice(walkers).sale())
                answer = sender.send(event, **_as_sent(kind, event))
                if answer.status is not None:
                    self.knocks[kind] += 1
                if answer.accepted:
                    self.let_in.append(kind)


STRANGER = Guest(reference="3f2b5a52-0000-4000-8000-000000000000", amount=1200, currency="USD")
KNOCKS = {
    "stale": "signed an hour ago",
    "early": "signed an hour from now",
    "forged": "signed with another secret",
    "not JSON": "rightly signed, and no JSON",
    "not UTF-8": "rightly signed, and no text",
    "no event": "rightly signed JSON that is no event",
    "too large": "larger than any event",
}


def _as_sent(kind: str, _event: Event) -> dict[str, object]:
    now = int(time.time())
    sent: dict[str, dict[str, object]] = {
        "stale": {"at": now - HOUR},
        "early": {"at": now + HOUR},
        "forged": {"secret": "whsec_somebody_else"},
        "not JSON": {"body": b"{not json"},
        "not UTF-8": {"body": b"\xff\xfe\x00{}"},
        "no event": {"body": b'{"object": "list", "data": []}'},
        "too large": {"body": b'{"filler": "' + b"x" * LARGER_THAN_ANY_EVENT + b'"}'},
    }
    return sent[kind]
