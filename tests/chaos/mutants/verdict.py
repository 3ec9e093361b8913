"""
What became of one mutant.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """
    Was it caught, and by which finding? The product itself passed the same scenario, or `caught` is False.
    """

    name: str
    caught: bool
    by: str
    seconds: float  # both runs together
