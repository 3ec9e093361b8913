"""
What a figure's measurement gives back.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measured:
    """
    What one figure's interleaved repeats gave.
    """

    figure: str
    ratios: list[float]
    facts: dict[str, object]
