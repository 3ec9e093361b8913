"""
The till as its operations see it: where it stands, what it holds, what is broken about it.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from devtools.till.documents import Document
from devtools.till.faults import Faults
from devtools.till.ledger import Ledger
from devtools.till.refusals import bad_request

DEFAULT_TOKEN = "local-till-token"
DEFAULT_LOCATIONS: Mapping[str, str] = {"LMAIN": "EUR"}
ID_BYTES = 12

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Tell the time by this machine's clock."""
    return datetime.now(UTC)


def fresh_id() -> str:
    """Make an id that nobody can guess, as Square's are."""
    return secrets.token_hex(ID_BYTES).upper()


@dataclass(frozen=True, kw_only=True)
class Till:
    """One till with its ledger, its locations (id to currency), its faults and its clock."""

    ledger: Ledger
    faults: Faults
    token: str = DEFAULT_TOKEN
    locations: Mapping[str, str]
    clock: Clock = system_clock

    def currency_of(self, location_id: str, *, field: str) -> str:
        """Give the one currency in which the location takes money."""
        if location_id not in self.locations:
            raise bad_request("There is no such location.", code="INVALID_LOCATION", field=field)
        return self.locations[location_id]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request that passed the door: who it names in the path, and what it says."""

    body: Document
    named: str
    now: datetime
