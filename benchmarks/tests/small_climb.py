"""
A low ladder of each kind and a short bill, in a process of its own, for Django's settings are read once:
`python -m benchmarks.tests.small_climb`. The last line on stdout is what came of it, as JSON.
"""

import json
import sys

import django

from benchmarks import opening

ORDERS, CALM_ORDERS, MANY = 20, 4, (2, 1)


def main() -> None:
    with opening.opened() as here:
        django.setup()
        from benchmarks.scaling import bill, ladder, tables  # noqa: PLC0415 - Django must be set up

        rungs = [
            rung for one in ladder.LADDERS for rung in one.climb(here, count=ORDERS, many=MANY, say=_nobody)
        ]
        counted = bill.draw_up(here, orders=ORDERS, calm_orders=CALM_ORDERS, idle_seconds=2, say=_nobody)
        printed = [*tables.contention(rungs), *tables.bill(counted)]
    facts = [tables.rung_facts(rung) for rung in rungs]
    sys.stdout.write(json.dumps({"rungs": facts, "bill": counted.facts(), "printed": printed}) + "\n")


def _nobody(text: str) -> None:
    """
    Nobody listens.
    """


if __name__ == "__main__":
    main()
