"""
The till: does it let us in, and does it know our restaurants?
"""

from django.conf import settings

from operations.doctor.finding import Finding, Unreachable, note, ok, problem
from orders.models import PosProvider, Restaurant
from pipeline.failures import NotNow, TemporaryFailure, UnknownOutcome
from pos import locations

CORRECT = "Correct SQUARE_BASE_URL and SQUARE_ACCESS_TOKEN (Square's developer console shows both)."


def answers(*, patience_seconds: float) -> list[Finding]:
    """
    Ask the till which locations it knows: that needs address, TLS and token.
    """
    if not settings.SQUARE_ACCESS_TOKEN:
        return [_without_a_token()]
    at = str(settings.SQUARE_BASE_URL)
    if at.startswith("http://") and not settings.DEBUG:
        return [problem("till", f"{at} is not encrypted: the token could be read.", "Write https:// there.")]
    try:
        known = locations.at_the_till(within_seconds=patience_seconds)
    except (NotNow, TemporaryFailure, UnknownOutcome) as trouble:
        if "INSUFFICIENT_SCOPES" in str(trouble):
            said = f"{at} lets us in, but our token may not list its locations (MERCHANT_PROFILE_READ)."
            return [note("till", said)]
        raise Unreachable(problem("till", f"{at}: {trouble}", CORRECT)) from trouble
    return [ok("till", f"{at} lets us in and knows {len(known)} locations."), *_strangers(known)]


def _without_a_token() -> Finding:
    if _of_ours():
        said = "SQUARE_ACCESS_TOKEN is not set, and restaurants have a Square till: no order reaches it."
        return problem("till", said, "Copy the access token from Square's developer console.")
    return note("till", "No restaurant has a Square till, and no token is set.")


def _strangers(known: set[str]) -> list[Finding]:
    return [
        problem(
            "locations",
            f"The till knows no location {location or '(empty)'}, which {name} is set to.",
            f"Correct its till's location. The till knows: {', '.join(sorted(known)) or 'none'}.",
        )
        for name, location in _of_ours()
        if location not in known
    ]


def _of_ours() -> list[tuple[str, str]]:
    ours = Restaurant.objects.filter(pos_provider=PosProvider.SQUARE).order_by("name")
    return list(ours.values_list("name", "pos_location"))
