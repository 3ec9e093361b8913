"""
Asking Stripe: its lists, page by page, with our secret key. Nothing here changes anything at Stripe.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any

import stripe
from django.conf import settings

API_VERSION = stripe.api_version
PAGE_SIZE = 100  # Stripe's largest
CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
ASKED_AT_MOST = 5
LONGEST_WAIT_SECONDS = 60.0
SERVER_ERRORS = 500


class CannotAskStripe(Exception):
    """
    Stripe does not answer the question; the sentence says why and what to do.
    """

    def __init__(self, told: str = "") -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()) + told)


class NoKey(CannotAskStripe):
    """
    STRIPE_SECRET_KEY is not set. Copy it from Stripe's dashboard: sk_… or a restricted rk_… that may read.
    """


class KeyRefused(CannotAskStripe):
    """
    Stripe does not know our key. Compare STRIPE_SECRET_KEY with Stripe's dashboard: it may have been rolled.
    """


class KeyMayNot(CannotAskStripe):
    """
    Our key may not read this. A restricted key needs to read Events, PaymentIntents, Checkout Sessions, Charges and
    Refunds, and Disputes.
    """


class TooManyQuestions(CannotAskStripe):
    """
    Stripe says that too much is asked of it, again and again. Try it later, with a shorter time.
    """


class Unreachable(CannotAskStripe):
    """
    Stripe cannot be reached. Look at this machine's way to STRIPE_API_BASE (name, proxy, firewall), then try again.
    """


class StripeFails(CannotAskStripe):
    """
    Stripe answers with an error of its own, again and again. Look at status.stripe.com, then try again.
    """


# The first that fits; whatever Stripe's library raises is one of these.
UNDERSTOOD: tuple[tuple[type[stripe.StripeError], type[CannotAskStripe]], ...] = (
    (stripe.AuthenticationError, KeyRefused),
    (stripe.PermissionError, KeyMayNot),
    (stripe.RateLimitError, TooManyQuestions),
    (stripe.APIConnectionError, Unreachable),
    (stripe.StripeError, StripeFails),
)


class StripeApi:
    """
    Stripe's API with our key; raises NoKey where none is set. `wait` is told seconds.
    """

    def __init__(self, *, wait: Callable[[float], None] = time.sleep) -> None:
        if not settings.STRIPE_SECRET_KEY:
            raise NoKey
        self._wait = wait
        self._client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            stripe_account=settings.STRIPE_ACCOUNT or None,
            stripe_version=API_VERSION,
            base_addresses={"api": settings.STRIPE_API_BASE},
            max_network_retries=0,  # we wait ourselves: the library does not look at Retry-After
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
        )

    def pages(
        self,
        path: str,
        *,
        since: datetime,
        until: datetime | None = None,
        give_up_at: float = float("inf"),
        **asked: Any,
    ) -> Iterator[list[dict[str, Any]]]:
        """
        What was created since then (until then), newest first, a hundred at a time; raises CannotAskStripe.

        Nothing is waited for beyond `give_up_at`, by the monotonic clock.
        """
        # What is created while we turn the pages stands before the first one, so nothing is skipped or comes twice.
        created = {"gte": int(since.timestamp())}
        if until is not None:
            created["lte"] = int(until.timestamp())
        asked = {**asked, "created": created, "limit": PAGE_SIZE}
        while True:
            page = self._ask(path, asked, give_up_at=give_up_at)
            yield page["data"]
            if not page["has_more"]:
                return
            asked["starting_after"] = page["data"][-1]["id"]

    def _ask(self, path: str, asked: dict[str, Any], *, give_up_at: float) -> dict[str, Any]:
        for attempt in count(1):
            try:
                return dict(self._client.raw_request("get", path, **asked).data)
            except stripe.StripeError as trouble:
                seconds = _worth_waiting(trouble, attempt=attempt)
                if seconds is None or time.monotonic() + seconds > give_up_at:
                    raise _understood(trouble) from trouble
                self._wait(seconds)
        raise AssertionError  # for mypy: the loop above has no end


def _worth_waiting(trouble: stripe.StripeError, *, attempt: int) -> float | None:
    """
    How many seconds to wait before the same question is asked again; None where that makes no sense.
    """
    passing = isinstance(trouble, stripe.RateLimitError | stripe.APIConnectionError)
    if attempt >= ASKED_AT_MOST or not (passing or (trouble.http_status or 0) >= SERVER_ERRORS):
        return None
    seconds = float(2 ** (attempt - 1))
    if isinstance(trouble, stripe.RateLimitError):
        with suppress(KeyError, ValueError):
            seconds = float((trouble.headers or {})["Retry-After"])
    return seconds if 0 <= seconds <= LONGEST_WAIT_SECONDS else None


def _understood(trouble: stripe.StripeError) -> CannotAskStripe:
    kind = next(ours for theirs, ours in UNDERSTOOD if isinstance(trouble, theirs))
    return kind(f" (status {trouble.http_status})" if trouble.http_status else "")
