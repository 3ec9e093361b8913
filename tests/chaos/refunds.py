"""
The truth about refunds: what Stripe says of each, whatever the order in which it says it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from devtools.stripe_sender.envelope import Event
from tests.chaos.deliveries import Script

# A refund only ever moves on.
RANKS = ("pending", "succeeded", "failed")


@dataclass(frozen=True, kw_only=True)
class Told:
    """
    One refund as Stripe tells it in the end; the amount in minor units.
    """

    reference: str
    amount: int
    status: str

    @property
    def counts(self) -> bool:
        return self.status != "failed"


def told_refunds(script: Script, *, accepted: Collection[str]) -> dict[str, Told]:
    """
    Each refund of which a word was accepted, by Stripe's id, as the furthest of the accepted words has it.
    """
    found: dict[str, Told] = {}
    for event in _of_refunds(script.events):
        if event["id"] in accepted:
            about = event["data"]["object"]
            before = found.get(about["id"])
            status = (
                about["status"] if before is None else max(about["status"], before.status, key=RANKS.index)
            )
            found[about["id"]] = Told(
                reference=script.owner[event["id"]], amount=about["amount"], status=status
            )
    return found


def ever_wholly_refunded(script: Script) -> set[str]:
    """
    The orders that were wholly refunded for a while, if only until the refund failed: whether they were cooked is history.
    """
    back: dict[str, dict[str, int]] = {}
    for event in _of_refunds(script.events):
        about = event["data"]["object"]
        back.setdefault(script.owner[event["id"]], {})[about["id"]] = about["amount"]
    amounts = {guest.reference: guest.amount for guest in script.guests}
    return {order for order, refunds in back.items() if sum(refunds.values()) >= amounts[order]}


def _of_refunds(events: Iterable[Event]) -> Iterable[Event]:
    return (event for event in events if event["type"].startswith("refund."))
