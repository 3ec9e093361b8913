"""
A small run of every system that is installed, in a process of its own, for Django's settings are read once:
`python -m benchmarks.tests.small_run`. The last line on stdout is what came of it, as JSON.
"""

import json
import sys

import django

from benchmarks import opening, place

ORDERS, WARM_UP = 20, 4
SPOILS = {
    "an effect is lost": "DELETE FROM workload_effect WHERE id = (SELECT min(id) FROM workload_effect)",
    "an hour counts an order twice": "UPDATE workload_hourtotal SET orders = orders + 1 WHERE id = (SELECT min(id) FROM workload_hourtotal)",
    "a balance grows by itself": "UPDATE workload_balance SET points = points + 1 WHERE customer_id = (SELECT min(customer_id) FROM workload_balance)",
    "a stock shrinks by itself": "UPDATE workload_stock SET on_hand = on_hand - 1 WHERE variant_id = (SELECT min(variant_id) FROM workload_stock)",
    "a receipt is blank": "UPDATE workload_effect SET text = '' WHERE id = (SELECT min(id) FROM workload_effect WHERE kind = 'receipt')",
}


def main() -> None:
    with opening.opened() as here:
        django.setup()
        from benchmarks import drain, systems  # noqa: PLC0415 - Django must be set up

        told = {}
        for system in (systems.OURS, *systems.PEERS, *systems.FURTHER_PEERS):
            try:
                told[system.name] = drain.drain(here, system, count=ORDERS, before=WARM_UP).facts()
            except systems.NotInstalled as missing:
                told[system.name] = {"not_installed": str(missing)}
        sys.stdout.write(json.dumps({"systems": told, "spoiled": _spoiled(here)}) + "\n")


def _spoiled(here: place.Place) -> dict[str, str]:
    """
    What the audit says when something is wrong with what the last system left.
    """
    from benchmarks.workload.audit import WrongEffects, audit  # noqa: PLC0415

    said = {}
    for what, statement in SPOILS.items():
        try:
            with here.line.transaction(force_rollback=True):
                here.do(statement)
                audit(here.rows)
        except WrongEffects as complaint:
            said[what] = str(complaint)
    return said


if __name__ == "__main__":
    main()
