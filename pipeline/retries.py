"""
How often and after how long a step is tried again: pure arithmetic.
"""

from dataclasses import dataclass

JITTER = 0.10


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """
    `times` retries after the first attempt, the n-th after `delay_seconds` · 2ⁿ⁻¹.

    RetryPolicy(times=3, delay_seconds=60) waits 60, 120 and 240 seconds: four attempts, then buried.
    """

    times: int
    delay_seconds: int

    def __post_init__(self) -> None:
        if self.times < 0 or self.delay_seconds <= 0:
            raise ValueError(f"{self} makes no sense: times must be 0 or more, delay_seconds above 0.")

    @property
    def attempts(self) -> int:
        """
        How many attempts there are in all, the first one included.
        """
        return self.times + 1

    def seconds_after(self, attempt: int, *, chance: float = 0.5, scale: float = 1.0) -> float | None:
        """
        The wait after the given failed attempt (1, 2, …); None when it was the last.

        `chance` in 0..1 spreads the wait by ±10 %, so that what failed together does not return together.
        """
        if attempt > self.times:
            return None
        spread = 1 + JITTER * (2 * chance - 1)
        return self.delay_seconds * 2.0 ** (attempt - 1) * spread * scale
