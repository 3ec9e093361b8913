"""
One page of a list: parameters, filters, cursors and order as every list of Stripe's has them.
"""

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devtools.stripe_api.books import Books, Document, Owner
from devtools.stripe_api.refusals import Refused, no_such

Asked = Mapping[str, Sequence[str]]
DEFAULT_LIMIT, LARGEST_LIMIT = 10, 100
MOST_TYPES = 20
COMPARED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
EXPANDED = ("data.latest_charge", "data.payment_intent.latest_charge")
FLAGS = {"true": 1, "false": 0}


@dataclass(frozen=True, kw_only=True)
class Listing:
    """
    A kind of object that can be listed, at which address, and by which of its fields.
    """

    kind: str
    url: str
    filters: tuple[str, ...] = ()
    goes_back_seconds: int | None = None  # what is older is not shown any more


@dataclass
class Conditions:
    """
    The conditions of one list, as SQL and the values in it.
    """

    sql: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, sql: str, *values: object) -> None:
        """
        One more that has to hold.
        """
        self.sql.append(sql)
        self.values += values


def page_of(listing: Listing, asked: Asked, *, books: Books, owner: Owner, now: int) -> Document:
    """
    The page that is asked for; refuses what Stripe would refuse.
    """
    conditions = _what_is_asked(listing, asked, owner=owner, now=now)
    limit = _limit(asked)
    backwards = _add_cursor(conditions, listing, asked, books=books, owner=owner)
    direction = "ASC" if backwards else "DESC"
    found = books.connection.execute(
        f"SELECT document FROM things WHERE {' AND '.join(conditions.sql)}"
        f" ORDER BY created {direction}, seq {direction} LIMIT ?",
        [*conditions.values, limit + 1],
    ).fetchall()
    data = _documents(found[:limit], asked, books=books, owner=owner)
    return {
        "object": "list",
        "url": listing.url,
        "has_more": len(found) > limit,
        "data": data[::-1] if backwards else data,
    }


def _what_is_asked(listing: Listing, asked: Asked, *, owner: Owner, now: int) -> Conditions:
    conditions = Conditions()
    conditions.add("kind = ?", listing.kind)
    conditions.add("livemode = ? AND account = ?", owner.livemode, owner.account)
    if listing.goes_back_seconds is not None:
        conditions.add("created > ?", now - listing.goes_back_seconds)
    if "type" in asked and any(name.startswith("types[") for name in asked):
        raise Refused("You may only specify one of these parameters: type, types.")
    types: list[str] = []
    for name, values in asked.items():
        if re.fullmatch(r"types\[\d*\]", name) and listing.kind == "event":
            types += values
        else:
            _add(conditions, listing, name, values[-1])
    if types:
        _add_types(conditions, types)
    return conditions


def _add(conditions: Conditions, listing: Listing, name: str, value: str) -> None:
    compared = re.fullmatch(r"created\[(gte?|lte?)\]", name)
    if name == "created" or compared:
        sign = COMPARED[compared[1]] if compared else "="
        conditions.add(f"created {sign} ?", _whole(name, value))
    elif name == "type" and listing.kind == "event":
        conditions.add("json_extract(document, '$.type') GLOB ?", value)
    elif name == "delivery_success" and listing.kind == "event":
        conditions.add("delivered = ?", _flag(name, value))
    elif name in listing.filters:
        conditions.add(f"json_extract(document, '$.{name}') = ?", value)
    elif name not in ("limit", "starting_after", "ending_before") and not name.startswith("expand["):
        raise Refused(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def _add_types(conditions: Conditions, types: Sequence[str]) -> None:
    if len(types) > MOST_TYPES:
        raise Refused(f"Array must not have more than {MOST_TYPES} elements.", param="types")
    conditions.add(f"json_extract(document, '$.type') IN ({', '.join('?' * len(types))})", *types)


def _add_cursor(
    conditions: Conditions, listing: Listing, asked: Asked, *, books: Books, owner: Owner
) -> bool:
    """
    Begin at the cursor; True where the page lies before it.
    """
    if "starting_after" in asked and "ending_before" in asked:
        raise Refused("You may only specify one of these parameters: ending_before, starting_after.")
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in asked:
            place = books.place_of(listing.kind, asked[name][-1], owner=owner)
            if place is None:
                raise no_such(listing.kind, asked[name][-1], param=name, status=400)
            conditions.add(f"(created, seq) {sign} (?, ?)", place.created, place.seq)
    return "ending_before" in asked


def _limit(asked: Asked) -> int:
    limit = _whole("limit", asked["limit"][-1]) if "limit" in asked else DEFAULT_LIMIT
    if not 1 <= limit <= LARGEST_LIMIT:
        word = "greater than or equal to 1" if limit < 1 else f"less than or equal to {LARGEST_LIMIT}"
        raise Refused(f"This value must be {word}.", code="parameter_invalid_integer", param="limit")
    return limit


def _documents(found: Sequence[sqlite3.Row], asked: Asked, *, books: Books, owner: Owner) -> list[Document]:
    documents = [json.loads(row["document"]) for row in found]
    wanted = {values[-1] for name, values in asked.items() if name.startswith("expand[")}
    for path in sorted(wanted):
        if path not in EXPANDED:
            raise Refused(f"This property cannot be expanded ({path.removeprefix('data.')}).")
        for document in documents:
            _expand(document, path.split(".")[1:], books=books, owner=owner)
    return documents


def _expand(document: Document, path: Sequence[str], *, books: Books, owner: Owner) -> None:
    for name in path:
        if not document.get(name):
            return
        kind = name.removeprefix("latest_")
        document[name] = books.find(kind, document[name], owner=owner) or document[name]
        if not isinstance(document[name], dict):
            return
        document = document[name]


def _whole(name: str, value: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", value):
        raise Refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def _flag(name: str, value: str) -> int:
    if value not in FLAGS:
        raise Refused(f"Invalid boolean: {value}", param=name)
    return FLAGS[value]
