"""
`manage.py doctor` and what is wrong with workers: tasks that are not executed, and a process that has grown.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from pipeline.models import State, StepRun
from pipeline.steps import Subject, menu
from tests.acceptance.doctor_visit import Report, doctor
from tests.acceptance.house import House
from tests.isolation import ROOT

pytestmark = pytest.mark.acceptance

EVERYTHING = ("default", "post_payment", "emails", "pos_sync", "analytics", "loyalty", "inventory")


class TestTasksNotExecuting:
    """
    The seed's second problem.
    """

    def test_because_no_worker_runs(self, house: House):
        house.kill_worker()

        report = doctor(house)

        found = report.finding("✗", "workers")
        assert (report.code, report.problems) == (1, ["workers"])
        assert "Tasks are not executed: no worker answers." in found
        assert "`celery -A rms_backend worker --loglevel=info`" in found

    def test_because_the_worker_is_frozen(self, house: House):
        os.kill(house.crew.running["worker"].pid, signal.SIGSTOP)
        try:
            report = doctor(house)
        finally:
            os.kill(house.crew.running["worker"].pid, signal.SIGCONT)

        assert "no worker answers" in report.finding("✗", "workers")

    def test_because_the_worker_consumes_emails_only(self, house: House):
        house.kill_worker()
        start_worker(house, "letters", queues=["emails"])

        report = doctor(house)

        lines = re.findall(r"✗ queues: Nobody consumes the queue (\w+)", report.text)
        assert report.code == 1
        assert sorted(lines) == sorted(set(EVERYTHING) - {"emails"})
        assert "post_payment: nothing at all is dispatched." in report.text
        assert "pos_sync: sync_order_to_pos, cancel_order_at_pos cannot happen." in report.text
        assert "--queues=pos_sync --hostname=pos_sync@%h" in report.text

    def test_because_a_step_is_routed_to_a_queue_that_is_none(self, house: House):
        report = doctor(house, DJANGO_SETTINGS_MODULE="tests.acceptance.mistakes", ISOLATED_MISTAKE="route")

        assert report.code == 1
        assert "Nobody consumes the queue pos_snyc: sync_order_to_pos cannot happen." in report.text
        assert "Did you mean 'pos_sync'?" in report.finding("✗", "routes")

    def test_because_the_worker_runs_older_code(self, house: House):
        report = doctor(house, DJANGO_SETTINGS_MODULE="tests.acceptance.settings")

        found = report.finding("✗", "code")
        assert report.code == 1
        assert re.match(
            r"worker@\S+ does not know dawdle, poison, thank_the_cook: it runs other code\.", found
        ), found
        assert "Restart it." in found

    def test_because_what_was_promised_is_overdue(self, house: House):
        house.kill_worker()
        [order] = house.orders(1)
        house.pay([order])
        # The web process has handed them to the broker itself: from now on nobody touches them.
        handed_over = StepRun.objects.filter(order_id=order.pk, state=State.SENT)
        house.wait_for(lambda: handed_over.count() == len(menu.about(Subject.ORDER)), lambda: "not sent")
        StepRun.objects.update(due_at="2026-01-01T00:00:00Z")

        report = doctor(house)

        assert "1 step runs of the lane pos_sync are overdue" in report.text
        assert "The dispatcher does not run" in report.finding("✗", "backlog")


class TestHighMemoryUsage:
    """
    The seed's fourth problem, in one process.
    """

    def test_of_one_process_that_a_task_has_made_grow(self, house: House):
        house.kill_worker()
        start_worker(house, "hungry", queues=EVERYTHING, DJANGO_SETTINGS_MODULE="tests.acceptance.settings")
        before = biggest(doctor(house))
        call(house, "tests.acceptance.extra_menu.tasks.hoard_memory", 520)
        house.crew.wait_for("hungry", lambda: house.crew.says("hungry", "succeeded in"))

        report = doctor(house)

        found = report.finding("!", "processes")
        assert before < 200
        assert int(re.search(r"One process of hungry@\S+ takes (\d+) MB", found)[1]) > 520
        assert "--max-memory-per-child" in found


def start_worker(house: House, name: str, *, queues: Sequence[str], **environment: str) -> None:
    """
    A worker of these queues only.
    """
    (house.crew.logs / f"{name}.log").unlink(missing_ok=True)
    before, house.crew.environment = house.crew.environment, {**house.crew.environment, **environment}
    house.crew.start(
        name, "celery", "-A", "rms_backend", "worker", f"--queues={','.join(queues)}", "--concurrency=1",
        f"--hostname={name}@%h", "--loglevel=info",
    )  # fmt: skip
    house.crew.environment = before
    house.crew.wait_for(name, lambda: house.crew.says(name, "ready."))


def biggest(report: Report) -> int:
    """
    The megabytes of the biggest process.
    """
    return int(re.search(r"The biggest takes (\d+) MB", report.text)[1])


def call(house: House, task: str, *arguments: object) -> None:
    """
    Send a task by hand, as `celery call` does.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ISOLATED_")}
    subprocess.run(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "rms_backend",
            "call",
            task,
            f"--args={json.dumps(arguments)}",
        ],
        cwd=ROOT,
        env={**inherited, **house.crew.environment},
        capture_output=True,
        timeout=60,
        check=True,
    )
