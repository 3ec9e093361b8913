"""
A whole run: the product, then the controls that must fail, then the report.
"""

from pathlib import Path

import django

django.setup()

from rich.console import Console  # noqa: E402 - Django has to be set up before models are imported

from rms_backend.celery import app as app  # noqa: E402 - publishing as the product does, for the faults in the broker
from tests.chaos.mutant_control import try_mutants  # noqa: E402
from tests.chaos.naive.verdict import soak_naive  # noqa: E402
from tests.chaos.ours import soak_product  # noqa: E402
from tests.chaos.report import Mutant, Report  # noqa: E402
from tests.chaos.report_file import write  # noqa: E402
from tests.chaos.report_lines import lines  # noqa: E402
from tests.chaos.telling import told  # noqa: E402
from tests.chaos.terms import Terms  # noqa: E402


def run(terms: Terms, *, screen: Console, controls: bool, to: Path | None = None) -> int:
    """
    Carry out the run and show the report; 0 if it is as it must be.
    """
    screen.print(
        f"Seed {terms.seed}, {terms.load_seconds:.0f} s, {terms.orders_per_second:g} orders a second"
    )
    with told(screen, "the product") as telling:
        verdict = soak_product(terms, telling)
    screen.print(f"  {Report(terms=terms, verdict=verdict).sentence}")
    control, mutants = None, list[Mutant]()
    if controls and terms.is_long:
        screen.print("  the mutants, one after the other")
        mutants = try_mutants(seed=terms.seed)
    if controls:
        with told(screen, "the naive control") as telling:
            control = soak_naive(terms.shortened(), telling)
    report = Report(terms=terms, verdict=verdict, naive=control, mutants=mutants)
    screen.print(report.table(lines(report)))
    screen.print(f"  written to {write(report, to=to)}", soft_wrap=True)
    screen.print(report.sentence)
    return 0 if report.ok else 1
