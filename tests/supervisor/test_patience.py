"""
How long a process that died waits, and when it is given up.
"""

import pytest

from rms_backend.supervisor.patience import Patience


def after(*ready_seconds: float | None) -> Patience:
    """
    What is remembered of a process that was ready for so long before each of its deaths.
    """
    patience = Patience()
    for seconds in ready_seconds:
        patience = patience.after_death(ready_seconds=seconds)
    return patience


class TestPatience:
    @pytest.mark.parametrize(
        ("deaths", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (500, 30)]
    )
    def test_waits_twice_as_long_each_time_up_to_half_a_minute(self, deaths, seconds):
        assert after(*[30] * deaths).wait_seconds == seconds

    def test_starts_afresh_with_a_process_that_was_ready_for_a_minute(self):
        assert after(None, None, None, None, 60) == after(60) == Patience(deaths=1)

    @pytest.mark.parametrize("quick", [None, 0.5, 9.9])
    def test_ends_after_five_quick_deaths_in_a_row(self, quick):
        assert not after(*[quick] * 4).is_exhausted
        assert after(*[quick] * 5).is_exhausted

    def test_does_not_end_where_a_slow_death_comes_between(self):
        assert not after(None, None, None, None, 10, None, None, None, None).is_exhausted

    def test_does_not_end_with_a_process_that_dies_slowly_for_ever(self):
        assert not after(*[30] * 1000).is_exhausted
