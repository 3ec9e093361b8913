"""
How a step says that it did not work out. What is none of these counts as temporary.
"""


class TemporaryFailure(Exception):
    """
    It did not happen, and trying again later may help.
    """


class PermanentFailure(Exception):
    """
    It did not happen, and trying again will not help: a person must decide.
    """


class UnknownOutcome(TemporaryFailure):
    """
    It may have happened or not: the other side took the request and its answer was lost.
    """


class NotNow(Exception):
    """
    Nothing is wrong with this order: come back in `seconds`. No attempt is counted.

    As a rule nothing was tried; where the other side has heard of the order all the same, `heard_of_it` says so.
    """

    def __init__(self, because: str, *, seconds: float = 30) -> None:
        super().__init__(because)
        self.seconds = seconds
        self.heard_of_it = False


class NotPromised(Exception):
    """
    Nothing is promised for this order: it is unknown or not paid.
    """
