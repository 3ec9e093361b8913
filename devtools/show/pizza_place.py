"""
One year of a pizza place, as nobody here wrote it: the data set of the installed `great_tables` package (MIT).

Its orders carry date, time, pizza, size and price; its documentation lists what is on each of the 32 pizzas.
"""

import ast
import csv
import importlib.util
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

TIME_ZONE = "America/New_York"
SIZES = ("S", "M", "L", "XL", "XXL")
# The data set tells what is on a pizza, not how much. These amounts are ours, in milligrams for the smallest size.
HALF_PORTION_MG = (
    (re.compile(r"Garlic|Oregano|Thyme|Cilantro"), 2_000),
    (re.compile(r"Sauce"), 30_000),
    (
        re.compile(r"Cheese|Chicken|Sausage|Salami|Ham|Bacon|Pepperoni|Prosciutto|Roast|Pancetta|Capocollo"),
        35_000,
    ),
    (re.compile(r""), 20_000),
)
_ENTRY = re.compile(r'- `"(?P<code>\w+)"`: The (?P<name>.+?) Pizza \((?P<toppings>[^)]+)\)')


@dataclass(frozen=True, kw_only=True)
class Pizza:
    """
    A pizza of the menu and what is on it.
    """

    code: str
    name: str
    toppings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Sold:
    """
    One pizza of an order.
    """

    code: str
    size: str
    category: str
    price_minor: int


@dataclass(frozen=True, kw_only=True)
class PastOrder:
    """
    An order of the year 2015.
    """

    number: str
    at: datetime
    pizzas: tuple[Sold, ...]

    @property
    def total_minor(self) -> int:
        return sum(pizza.price_minor for pizza in self.pizzas)


@cache
def menu() -> dict[str, Pizza]:
    """
    The 32 pizzas by their code.
    """
    pizzas = (
        Pizza(
            code=entry["code"],
            name=f"The {entry['name']} Pizza",
            toppings=tuple(topping.strip().removeprefix("and ") for topping in entry["toppings"].split(",")),
        )
        for entry in _ENTRY.finditer(" ".join(_documentation().split()))
    )
    return {pizza.code: pizza for pizza in pizzas}


def orders() -> list[PastOrder]:
    """
    All 21,350 orders in the order in which they came.
    """
    with (_package() / "data" / "05-pizzaplace.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [_order(number, list(same)) for number, same in groupby(rows, key=lambda row: row["id"])]


def an_evening(count: int) -> list[PastOrder]:
    """
    The last `count` orders of the busiest day; more than that day had: the first `count` of the year.
    """
    year = orders()
    day, busiest = Counter(order.at.date() for order in year).most_common(1)[0]
    if count > busiest:
        return year[:count]
    return [order for order in year if order.at.date() == day][-count:]


def amount_mg(topping: str, size: str) -> int:
    """
    How much of a topping goes on a pizza of this size: two half portions on S, three on M, and so on.
    """
    half = next(amount for pattern, amount in HALF_PORTION_MG if pattern.search(topping))
    return half * (SIZES.index(size) + 2)


def used_mg(past: Iterable[PastOrder]) -> Counter[str]:
    """
    What these orders used of each topping, summed straight from the data set.
    """
    used: Counter[str] = Counter()
    for order in past:
        for pizza in order.pizzas:
            for topping in menu()[pizza.code].toppings:
                used[topping] += amount_mg(topping, pizza.size)
    return used


def _order(number: str, rows: list[dict[str, str]]) -> PastOrder:
    at = datetime.fromisoformat(f"{rows[0]['date']}T{rows[0]['time']}").replace(tzinfo=ZoneInfo(TIME_ZONE))
    return PastOrder(
        number=number,
        at=at,
        pizzas=tuple(
            Sold(
                code=r["name"], size=r["size"], category=r["type"], price_minor=int(Decimal(r["price"]) * 100)
            )
            for r in rows
        ),
    )


def _package() -> Path:
    # Not imported: great_tables.data wants pandas or polars, and the files are all we need.
    spec = importlib.util.find_spec("great_tables")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The data set is missing. Run `make setup`.")
    return Path(spec.submodule_search_locations[0])


def _documentation() -> str:
    tree = ast.parse((_package() / "data" / "__init__.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pizzaplace.__doc__":
            return str(ast.literal_eval(node.value))
    raise SystemExit("great_tables no longer describes the pizzas where it did.")
