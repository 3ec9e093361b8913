"""
The clocks: this machine's beside the database's and the broker's.

The database's clock decides when a step is due. Ours decides whether Stripe's signatures are fresh (300 s).
"""

import time

from operations.doctor.finding import Finding, ok, problem, warning
from pipeline import broker
from pipeline.statements import rows

TOLERATED_SECONDS = 2
SERIOUS_SECONDS = 60
REMEDY = "Let both machines set their clocks (chrony, systemd-timesyncd): `timedatectl` tells how they stand."


def of_the_database() -> list[Finding]:
    """
    How far the database's clock is from ours.
    """
    began, began_at = time.monotonic(), time.time()
    (there,) = rows("SELECT extract(epoch FROM clock_timestamp())::float")[0]
    waited = time.monotonic() - began
    return [_finding("database's clock", ahead=there - began_at - waited / 2)]


def of_the_broker(*, patience_seconds: float) -> list[Finding]:
    """
    How far the broker's clock is from ours. RabbitMQ does not tell its own.
    """
    if not broker.is_redis():
        return []
    return [_finding("broker's clock", ahead=broker.clock(within_seconds=patience_seconds).ahead_seconds)]


def _finding(subject: str, *, ahead: float) -> Finding:
    away, way = abs(ahead), "ahead of" if ahead > 0 else "behind"
    if away > SERIOUS_SECONDS:
        said = f"It is {away:.0f} s {way} this machine's: fresh signatures of Stripe's may be refused as too old."
        return problem(subject, said, REMEDY)
    if away > TOLERATED_SECONDS:
        return warning(subject, f"It is {away:.1f} s {way} this machine's.", REMEDY)
    return ok(subject, f"It agrees with this machine's to {max(away, 0.001) * 1000:.0f} ms.")
