"""
What a fact of Stripe's did to its order.
"""

from enum import Enum


class Booked(Enum):
    """
    How the booking of one fact ended.
    """

    DONE = "done"
    KNOWN = "known"  # it was booked before, or changes nothing
    NOTED = "noted"  # nothing follows from it; a person can see it beside the order
    IN_REVIEW = "in_review"  # it does not fit: a person must look
    TOO_EARLY = "too_early"  # what it builds on has not been told yet
