"""
How sure a few pairs make us: pure arithmetic.

Ratios are compared on the logarithmic scale, where half and double are equally far from one. The interval is Student's
for the mean there, two-sided 90 %: a bound outside of it is missed with a certainty of 95 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

# Student's t, quantile 0.95, by degrees of freedom 1, 2, 3, …
T_95 = (
    6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
    1.746, 1.740, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Interval:
    """
    Where the ratio lies: the median of the pairs, and the bounds that we are sure of. With a single pair we are sure of
    nothing: the bounds are 0 and infinity.
    """

    middle: float
    low: float
    high: float


def interval(ratios: Sequence[float]) -> Interval:
    """
    The interval over the pairs; raises ValueError where there are none, or one that is no ratio.
    """
    if not ratios or not all(math.isfinite(ratio) and ratio > 0 for ratio in ratios):
        raise ValueError(f"{list(ratios)} are no ratios: each must be a number above 0.")
    if len(ratios) == 1:
        return Interval(middle=ratios[0], low=0.0, high=math.inf)
    logarithms = [math.log(ratio) for ratio in ratios]
    reach = _t(len(ratios) - 1) * stdev(logarithms) / math.sqrt(len(ratios))
    centre = fmean(logarithms)
    return Interval(middle=median(ratios), low=math.exp(centre - reach), high=math.exp(centre + reach))


def _t(degrees: int) -> float:
    return T_95[min(degrees, len(T_95)) - 1]
