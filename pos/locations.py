"""
The places that the till knows.
"""

import time

from pos.answers import AnswerUnreadable
from pos.client import Visit


def at_the_till(*, within_seconds: float) -> set[str]:
    """
    Ask the till for the ids of its locations; changes nothing there.
    """
    answer = Visit(until=time.monotonic() + within_seconds).get("/v2/locations")
    found = answer.get("locations", [])
    if not isinstance(found, list) or not all(isinstance(place, dict) for place in found):
        raise AnswerUnreadable("The till's answer holds no list of locations.")
    return {str(place.get("id")) for place in found}
