"""
Which answers of the till are failures, and of what kind. Closed: what stands in no row is serious.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from pipeline.failures import NotNow, PermanentFailure, TemporaryFailure, UnknownOutcome


class TillNotAccessible(NotNow):
    """
    The till does not let us in: a setting of ours is wrong, not the order.
    """


class TillBusy(NotNow):
    """
    The till takes no more requests for a while.
    """


class TillBroken(UnknownOutcome):
    """
    The till failed while it had the request.
    """


class TillRefusedOrder(PermanentFailure):
    """
    The till knows this order and will not take it. A person must decide.
    """


class NotAtTill(TillRefusedOrder):
    """
    The till does not hold what we named.
    """


class ChangedMeanwhile(TemporaryFailure):
    """
    Somebody has changed the order since we read it, so the till did not change it for us.
    """


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    What a status means, and why; the sentence is for whoever finds the order waiting or buried.
    """

    statuses: Container[int]
    failure: type[Exception]
    sentence: str


# The first row that fits decides.
FAILURES = (
    Row(
        statuses=range(300, 400),  # not followed: a body with a token goes to the address we know, or nowhere
        failure=TillNotAccessible,
        sentence="The till's address has moved. Correct SQUARE_BASE_URL.",
    ),
    Row(
        statuses=(401, 403),  # ours to mend, and then every order can go on
        failure=TillNotAccessible,
        sentence="The till does not accept our token. Correct SQUARE_ACCESS_TOKEN.",
    ),
    Row(
        statuses=(408,),  # REQUEST_TIMEOUT: Square gave up half-way
        failure=TillBroken,
        sentence="The till took too long.",
    ),
    Row(
        statuses=(
            409,
        ),  # CONFLICT: the same key is still at work, or the order is being changed; asking again reads it
        failure=TillBroken,
        sentence="The till is still busy with this very order.",
    ),
    Row(
        statuses=(429,),  # RATE_LIMITED: refused at the door
        failure=TillBusy,
        sentence="The till gets too many requests.",
    ),
    Row(
        statuses=range(400, 500),  # the request itself is wrong, and will be wrong again
        failure=TillRefusedOrder,
        sentence="The till refused it.",
    ),
    Row(
        statuses=range(500, 600),  # it may have been kept before the failure
        failure=TillBroken,
        sentence="The till failed.",
    ),
)
UNFORESEEN = Row(statuses=(), failure=TillBroken, sentence="The till answered with a status nobody foresaw.")


@dataclass(frozen=True, kw_only=True)
class Named:
    """
    An error whose code tells more than the status.
    """

    statuses: Container[int]
    code: str
    failure: type[TemporaryFailure | PermanentFailure]
    sentence: str

    def fits(self, *, status: int, error: Mapping[str, object]) -> bool:
        return status in self.statuses and error.get("code") == self.code


# Before the rows above, for an answer in Square's own words; a 404 of some proxy is none.
NAMED = (
    Named(
        statuses=(404,),
        code="NOT_FOUND",
        failure=NotAtTill,
        sentence="The till does not know it.",
    ),
    Named(
        statuses=(400, 409),  # Square says 400; 409 is what the word would be in HTTP
        code="VERSION_MISMATCH",
        failure=ChangedMeanwhile,
        sentence="The till's order was changed meanwhile.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Harmless:
    """
    An error that tells of an earlier success. Never believed: a look-up must show the order, or the payment.
    """

    status: int
    code: str
    detail: str = ""
    reason: str

    def fits(self, *, status: int, error: Mapping[str, object]) -> bool:
        if (status, error.get("code")) != (self.status, self.code):
            return False
        return re.search(self.detail, str(error.get("detail", "")), re.IGNORECASE) is not None


HARMLESS = (
    Harmless(
        status=400,
        code="BAD_REQUEST",
        detail=r"\balready exists",
        reason="Square's word for a used key of an order",
    ),
    Harmless(
        status=400,
        code="BAD_REQUEST",
        detail=r"\balready (been )?paid",
        reason="our payment, its key forgotten",
    ),
    Harmless(
        status=400,
        code="IDEMPOTENCY_KEY_REUSED",
        reason="the key has been at work, so there is something to find",
    ),
)
