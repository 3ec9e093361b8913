"""
How long to wait before a process that died is started again, and when to give it up. Pure arithmetic.
"""

from dataclasses import dataclass

LONGEST_WAIT_SECONDS = 30
STEADY_AFTER_SECONDS = 60
QUICK_WITHIN_SECONDS = 10
QUICK_DEATHS_BEFORE_GIVING_UP = 5


@dataclass(frozen=True, kw_only=True)
class Patience:
    """
    What is remembered of a process's deaths. One that was ready for a minute starts with a clean slate.
    """

    deaths: int = 0
    quick_deaths: int = 0

    def after_death(self, *, ready_seconds: float | None) -> "Patience":
        """
        One death more; `ready_seconds` is how long it had been ready, None where it never was.
        """
        lasted = ready_seconds or 0.0
        if lasted >= STEADY_AFTER_SECONDS:
            return Patience(deaths=1)
        is_quick = lasted < QUICK_WITHIN_SECONDS
        return Patience(deaths=self.deaths + 1, quick_deaths=self.quick_deaths + 1 if is_quick else 0)

    @property
    def wait_seconds(self) -> int:
        """
        1, 2, 4, … up to 30.
        """
        return int(min(2 ** (self.deaths - 1), LONGEST_WAIT_SECONDS))

    @property
    def is_exhausted(self) -> bool:
        return self.quick_deaths >= QUICK_DEATHS_BEFORE_GIVING_UP
