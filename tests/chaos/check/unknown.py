"""
Letters whose outcome was unknown: each must have a fault that explains it. Else the excuse would excuse anything.
"""

from collections.abc import Sequence

from pipeline.steps import LONGEST_LEASE_SECONDS, short_name
from tests.chaos.check.ledgers import unknown_letters
from tests.chaos.storm.strikes import Struck

# Faults that may take a worker, its database or the mail server away between the final dot and our note of it.
EXPLAINING = ("mail", "worker", "workers", "dispatcher", "PostgreSQL")
# A lease ends at the latest so long after its worker was lost; then a dispatcher has to come by, which was struck too.
SEEN_WITHIN_SECONDS = LONGEST_LEASE_SECONDS + 30.0


def unexplained(storm: Sequence[Struck]) -> list[str]:
    """
    The unknown outcomes of letters, in words, for which no fault of the storm can be the reason.
    """
    windows = [
        (one.began, one.mended + SEEN_WITHIN_SECONDS)
        for one in storm
        if one.planned.fault.component in EXPLAINING
    ]
    return [
        f"{short_name(one.step)} of order {one.order}"
        for one in unknown_letters()
        if not any(begin <= one.at <= end for begin, end in windows)
    ]
