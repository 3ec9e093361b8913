"""
Each unit's ExecStart, run here in production mode and stopped as systemd stops it; and what the seed's unit would do.
"""

import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.core.management import call_command

from devtools.till import Mode
from pipeline.models import State, StepEvent, StepRun
from pipeline.queues import Queue
from tests.deploy.production import Production
from tests.deploy.units import Unit

pytestmark = pytest.mark.acceptance
WORKER = Unit("celery-worker.service")
WEB_READY = r"(?s)Started worker.+Started worker"
AT_ONCE = 8
# ExecStart of the seed's unit.
SEED = ("celery", "-A", "rms_backend", "worker", "--detach", "--loglevel=info")


class TestUnit:
    @pytest.mark.parametrize(
        ("unit", "ready"),
        [
            (WORKER, r"ready\."),
            (Unit("celery-worker@.service", instance="emails"), r"ready\."),
            (Unit("celery-beat.service"), "beat: Starting"),
        ],
        ids=lambda value: value.name if isinstance(value, Unit) else "",
    )
    def test_starts_and_ends_in_time_when_it_is_told_to(self, production: Production, unit: Unit, ready):
        start(production, unit)
        production.processes.wait_until_it_says(unit.name, ready)

        assert production.processes.stop(unit.name, within=unit.stop_seconds) == 0

    def test_of_the_web_application_answers_and_ends_in_time_when_it_is_told_to(self, production: Production):
        unit = Unit("rms-web.service")
        start(production, unit)
        # While one of them still starts it would not notice: granian then waits for its --workers-kill-timeout.
        production.processes.wait_until_it_says(unit.name, WEB_READY)
        answer = urllib.request.urlopen(
            f"http://127.0.0.1:{production.places['8000']}/admin/login/", timeout=20
        )

        assert answer.status == 200
        assert production.processes.stop(unit.name, within=unit.stop_seconds) == 0

    def test_of_flower_starts_and_ends_in_time_when_it_is_told_to(self, production: Production):
        unit = Unit("celery-flower.service")
        start(production, unit)
        production.wait_for_flower(unit.name)

        assert production.processes.stop(unit.name, within=unit.stop_seconds) == 0

    def test_of_the_migrations_says_that_there_are_none(self, production: Production):
        found = production.run("web", *Unit("rms-migrate.service").command())

        assert found.returncode == 0, found.stderr
        assert "No migrations to apply" in found.stdout


class TestWorkerThatIsStoppedInTheMiddleOfItsWork:
    def test_finishes_what_is_under_way_and_loses_and_repeats_nothing(self, production: Production):
        call_command("flush", interactive=False, verbosity=0)
        house = production.house
        house.till.break_down(Mode.SLOW, seconds=3)
        for unit, ready in ((Unit("rms-web.service"), WEB_READY), (WORKER, r"ready\.")):
            start(production, unit)
            production.processes.wait_until_it_says(unit.name, ready)
        orders = house.orders(60)
        house.pay(orders)
        at_the_till = StepRun.objects.filter(
            lane=Queue.POS_SYNC, state=State.RUNNING, sending_at__isnull=False
        )
        house.wait_for(lambda: at_the_till.count() >= AT_ONCE, lambda: "nothing is under way at the till")

        status = production.processes.stop(WORKER.name, within=WORKER.stop_seconds)
        done = StepRun.objects.filter(lane=Queue.POS_SYNC, state=State.DONE).count()
        held = StepRun.objects.filter(state=State.RUNNING).count()
        house.till.mend()
        start(production, WORKER)

        house.wait_until_at_rest(orders)
        assert (status, held) == (0, 0)
        # What was under way, and no second helping: without handing back it would have been all sixty.
        assert AT_ONCE <= done <= 2 * AT_ONCE
        house.assert_each_step_happened_once(orders)
        assert not StepRun.objects.exclude(attempts=1).exists()
        assert not StepEvent.objects.exists()


class TestSeedsUnit:
    def test_would_lose_its_worker_on_reload(self, production: Production, tmp_path):
        with detached_worker(production, tmp_path) as worker:
            os.kill(worker, signal.SIGHUP)

            production.processes.wait_for(lambda: not lives(worker), lambda: "it lives")
            assert not any(is_told_about(tmp_path, pid) for pid in everybody())

    def test_would_stop_every_worker_there_is(self, production: Production, tmp_path):
        other = Unit("celery-worker@.service", instance="emails")
        start(production, other)
        production.processes.wait_until_it_says(other.name, r"ready\.")
        with detached_worker(production, tmp_path) as worker:
            told = production.run("web", "celery", "-A", "rms_backend", "control", "shutdown")

            production.processes.running.pop(other.name).wait(60)
            production.processes.wait_for(lambda: not lives(worker), lambda: "it lives")
            assert told.returncode == 0, told.stdout + told.stderr


def start(production: Production, unit: Unit) -> None:
    production.processes.log(unit.name).unlink(missing_ok=True)
    environment = {**unit.environment, **production.environment("web")}
    command = [production.local(word) for word in unit.command(environment)]
    production.processes.start(unit.name, command, **environment)


@contextmanager
def detached_worker(production: Production, folder: Path) -> Iterator[int]:
    """
    A worker as the seed's unit starts it, once it answers.
    """
    pid, node = folder / "worker.pid", f"seed@{socket.gethostname()}"
    command = [*SEED, f"--pidfile={pid}", f"--hostname={node}", "--concurrency=1"]
    started = production.processes.run(command, **production.environment("web"))
    assert started.returncode == 0, started.stderr
    ping = ("celery", "-A", "rms_backend", "inspect", "ping", "-d", node)
    try:
        production.processes.wait_for(
            lambda: production.run("web", *ping).returncode == 0,
            lambda: "the detached worker does not answer",
        )
        yield int(pid.read_text())
    finally:
        for left in everybody():
            if is_told_about(folder, left):
                os.kill(left, signal.SIGKILL)


def lives(pid: int) -> bool:
    """
    A zombie does not.
    """
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def everybody() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def is_told_about(folder: Path, pid: int) -> bool:
    """
    Does this folder stand on the command line of the process?
    """
    with suppress(OSError):
        return str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
