"""
How sure a few pairs make us.
"""

import math

import pytest

from benchmarks.interval import interval


class TestInterval:
    def test_has_the_median_in_the_middle(self):
        assert interval([15.0, 16.0, 40.0]).middle == 16.0

    def test_is_students_on_the_logarithms(self):
        found = interval([10.0, 20.0, 40.0])

        # ln 2 is the deviation, 2.920 the quantile for two degrees of freedom, √3 the root of how many there are.
        reach = math.exp(2.920 * math.log(2) / math.sqrt(3))
        assert found.low == pytest.approx(20 / reach)
        assert found.high == pytest.approx(20 * reach)

    def test_is_a_point_where_all_pairs_agree(self):
        found = interval([3.0, 3.0, 3.0])

        assert found.low == pytest.approx(3.0)
        assert found.high == pytest.approx(3.0)

    def test_gets_narrower_with_more_pairs(self):
        few, many = interval([9.0, 11.0] * 2), interval([9.0, 11.0] * 20)

        assert few.low < many.low < many.high < few.high

    def test_turns_round_with_the_ratio(self):
        ours, theirs = interval([2.0, 4.0, 5.0]), interval([1 / 2, 1 / 4, 1 / 5])

        assert ours.low == pytest.approx(1 / theirs.high)

    def test_of_a_single_pair_is_sure_of_nothing(self):
        found = interval([5.0])

        assert (found.low, found.high) == (0.0, math.inf)

    @pytest.mark.parametrize("ratios", [[], [0.0], [1.0, -2.0], [1.0, math.inf], [math.nan]])
    def test_of_no_ratios_is_refused(self, ratios):
        with pytest.raises(ValueError, match="no ratios"):
            interval(ratios)
