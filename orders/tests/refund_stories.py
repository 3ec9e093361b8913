"""
What can happen to the money of a few orders: refunds in parts, some of which fail, told in any order and in any batches.
"""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import strategies as st

from orders.models import Order, Refund
from orders.testing import NOON, make_refund


@dataclass(frozen=True)
class Story:
    """
    `parts` are (number of the order, minor units); each act names the parts that are refunded, or fail, in one batch.
    """

    parts: tuple[tuple[int, int], ...]
    acts: tuple[tuple[str, tuple[int, ...]], ...]

    def refunds(self, orders: list[Order]) -> list[Refund]:
        made = [make_refund(orders[number], minor=minor) for number, minor in self.parts]
        Refund.objects.update(failed_at=NOON, status="failed")
        return made

    def standing(self) -> list[list[int]]:
        """
        After each act, which parts are refunded and have not failed.
        """
        now: set[int] = set()
        told = []
        for verb, parts in self.acts:
            now = now | set(parts) if verb == "refund" else now - set(parts)
            told.append(sorted(now))
        return told


@st.composite
def stories(draw, *, totals: tuple[int, ...]) -> Story:
    """
    Stories about orders of these totals; what goes back may, for a while, be more than the total.
    """
    parts = []
    for number, total in enumerate(totals):
        some_parts = st.lists(st.integers(1, total), max_size=4)
        exact = st.lists(st.integers(1, total - 1), max_size=4, unique=True).map(
            lambda cuts, total=total: _between([0, *sorted(cuts), total])
        )
        parts += [(number, minor) for minor in draw(some_parts | exact)]
    failing = [part for part in range(len(parts)) if draw(st.booleans())]
    told = draw(st.permutations([*range(len(parts)), *failing]))
    return Story(parts=tuple(parts), acts=tuple(_in_batches(draw, told)))


def _between(cuts: list[int]) -> list[int]:
    return [high - low for low, high in pairwise(cuts)]


def _in_batches(draw, told):
    """
    The first time a part is named it is refunded, the second time it fails; neighbours may share a batch.
    """
    acts: list[tuple[str, tuple[int, ...]]] = []
    begun = set()
    for part in told:
        verb = "fail" if part in begun else "refund"
        begun.add(part)
        if acts and acts[-1][0] == verb and draw(st.booleans()):
            acts[-1] = (verb, (*acts[-1][1], part))
        else:
            acts.append((verb, (part,)))
    return acts
