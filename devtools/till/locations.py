"""
Locations: ListLocations.
"""

from devtools.till.documents import Answer
from devtools.till.place import Call, Till


def list_locations(till: Till, call: Call) -> Answer:  # noqa: ARG001 - every operation is called alike
    """List every location at which this till takes orders."""
    locations = [
        {
            "id": location_id,
            "name": f"Local till at {location_id}",
            "timezone": "Etc/UTC",
            "status": "ACTIVE",
            "merchant_id": "MLOCALTILL",
            "currency": currency,
            "type": "PHYSICAL",
        }
        for location_id, currency in till.locations.items()
    ]
    return Answer(document={"locations": locations}, outcome="read")
