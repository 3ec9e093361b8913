"""
How deliveries ended.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """
    How one attempt ended: with a status, or with an error and none.
    """

    event_id: str
    type: str
    status: int | None
    seconds: float
    error: str | None = None

    @property
    def accepted(self) -> bool:
        """
        Did the endpoint answer 2xx? Stripe takes anything else, redirects too, for a failure.
        """
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - it is 2xx


@dataclass(frozen=True, kw_only=True)
class Summary:
    """
    What became of a plan. `deliveries` counts every attempt, `duplicates` planned ones beyond an event's first,
    `failed` planned ones that were never accepted; `failed_events` names the events of these.
    """

    events: int
    deliveries: int
    duplicates: int
    retries: int
    failed: int
    failed_events: tuple[str, ...]
