"""
The API as its operations see it: its books, its key, what is broken about it, and who has called.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devtools.stripe_api.books import Books, Owner
from devtools.stripe_api.faults import StandingFault

DEFAULT_KEY = "sk_test_local"
LIVE = ("sk_live_", "rk_live_")


@dataclass(kw_only=True)
class StripeApi:
    """
    One account at Stripe: the key that opens it also says whether it is live or test.
    """

    books: Books
    key: str = DEFAULT_KEY
    clock: Callable[[], float] = time.time
    faults: list[StandingFault] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def owner(self, account: str = "") -> Owner:
        """
        Whose things a caller sees, who may name a connected account.
        """
        return Owner(livemode=self.key.startswith(LIVE), account=account)

    def strike(self, path: str) -> StandingFault | None:
        """
        The fault that this request has to suffer, if any.
        """
        return next((standing for standing in self.faults if standing.strikes(path)), None)
