"""
The till: does it let us in, and does it know our restaurants?
"""

from django.conf import settings

from operations.doctor.finding import Finding, Unreachable, note, ok, problem
from orders.models import PosProvider, Restaurant
from pipeline.failures import NotNow, TemporaryFailure
from pos import locations

CORRECT = "Correct SQUARE_BASE_URL and SQUARE_ACCESS_TOKEN (Square's developer console shows both)."
AWAY = (NotNow, TemporaryFailure)


def answers(*, patience_seconds: float) -> list[Finding]:
    """
    Ask the till which locations it knows: that needs address, TLS and token.
    """
    if not settings.SQUARE_ACCESS_TOKEN:
        return [note("till", "Not asked, for SQUARE_ACCESS_TOKEN is not set.")]
    at = str(settings.SQUARE_BASE_URL)
    if at.startswith("http://") and not settings.DEBUG:
        return [problem("till", f"{at} is not encrypted: the token could be read.", "Write https:// there.")]
    try:
        known = locations.at_the_till(within_seconds=patience_seconds)
    except AWAY as trouble:
        if "INSUFFICIENT_SCOPES" in str(trouble):
            said = f"{at} lets us in, but our token may not list its locations (MERCHANT_PROFILE_READ)."
            return [note("till", said)]
        raise Unreachable(problem("till", f"{at}: {trouble}", CORRECT)) from trouble
    return [ok("till", f"{at} lets us in and knows {len(known)} locations.")]


def places(*, patience_seconds: float) -> list[Finding]:
    """
    Does the till know the location that each of our restaurants is set to?
    """
    ours = Restaurant.objects.filter(pos_provider=PosProvider.SQUARE).order_by("name")
    wanted = list(ours.values_list("name", "pos_location"))
    if not wanted:
        return [note("locations", "No restaurant has a Square till.")]
    if not settings.SQUARE_ACCESS_TOKEN:
        said = "SQUARE_ACCESS_TOKEN is not set, and restaurants have a Square till: no order reaches it."
        return [problem("locations", said, "Copy the access token from Square's developer console.")]
    try:
        known = locations.at_the_till(within_seconds=patience_seconds)
    except AWAY:
        return [note("locations", "Not examined, because the till does not answer.")]
    strangers = [_stranger(name, place, known) for name, place in wanted if place not in known]
    return strangers or [ok("locations", "The till knows the location of each restaurant.")]


def _stranger(name: str, place: str, known: set[str]) -> Finding:
    said = f"The till knows no location {place or '(empty)'}, which {name} is set to."
    remedy = f"Correct its till's location. The till knows: {', '.join(sorted(known)) or 'none'}."
    return problem("locations", said, remedy)
