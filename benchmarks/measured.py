"""
What a figure's module hands back.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measured:
    """
    What one figure's interleaved repeats gave.
    """

    figure: str  # "P4", or "P6 SMTP" where a figure has several lines
    ratios: list[
        float
    ]  # one per interleaved pair, in the sense of the figure's target (theirs/ours for "x less")
    facts: dict[str, object]  # raw numbers for the results file and the tables; JSON-serialisable
