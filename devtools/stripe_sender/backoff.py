"""
How long a refused delivery waits. Stripe waits minutes, then hours, for three days; here it is scaled down.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """
    Waits that double up to the longest.
    """

    first_wait_seconds: float = 0.05
    longest_wait_seconds: float = 2.0

    def seconds_before(self, attempt: int) -> float:
        """
        How long before the second, third, … attempt?
        """
        doublings = min(attempt - 2, 30)
        return float(min(self.first_wait_seconds * 2**doublings, self.longest_wait_seconds))
