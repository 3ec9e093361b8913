"""
The seed's commands, typed as they stand there, in a checkout whose `celery` is on the PATH.
"""

import os
import re
import shlex
from subprocess import CompletedProcess

import pytest

from devtools.show.crew import any_free_port
from pipeline.queues import Queue
from tests.acceptance.house import House, answers
from tests.acceptance.plain import Desk
from tests.isolation import ROOT

pytestmark = pytest.mark.acceptance

# The seed's "Retry Policies"; the staff's is ours, and so is the dispatcher, which is only ever told again.
POLICIES = {
    "send_order_confirmation_email_task": (3, 60),
    "send_staff_notification_task": (3, 30),
    "sync_order_to_pos_task": (5, 120),
    "record_payment_analytics_task": (2, 30),
    "process_loyalty_rewards_task": (3, 60),
    "update_inventory_levels_task": (3, 45),
}
WORKER = "celery -A rms_backend worker --loglevel=info --concurrency=4"


def run(house: House, command: str) -> CompletedProcess[str]:
    return house.crew.run(*shlex.split(command), directory=ROOT)


def start(house: House, command: str, *, name: str = "worker", ready: str = "ready.") -> None:
    (house.crew.logs / f"{name}.log").unlink(missing_ok=True)
    house.crew.start_command(name, *shlex.split(command), directory=ROOT)
    house.crew.wait_for(name, lambda: house.crew.says(name, ready))


def told_to_stop(house: House, name: str = "worker") -> int:
    """
    Tell all workers to shut down as the seed does; returns how this one ended.
    """
    said = run(house, "celery -A rms_backend control shutdown")
    assert (said.returncode, said.stdout.count("OK")) == (0, 1), said.stdout
    return house.crew.running.pop(name).wait(30)


@pytest.fixture
def worker_of_the_seed(empty_house) -> House:
    start(empty_house, WORKER)
    return empty_house


class TestWorker:
    def test_answers_every_inspection_and_ends_well_when_it_is_told_to_shut_down(self, worker_of_the_seed):
        active = run(worker_of_the_seed, "celery -A rms_backend inspect active")
        registered = run(worker_of_the_seed, "celery -A rms_backend inspect registered")
        policies = run(
            worker_of_the_seed, "celery -A rms_backend inspect registered max_retries default_retry_delay"
        )
        queues = run(worker_of_the_seed, "celery -A rms_backend inspect active_queues")

        ended = told_to_stop(worker_of_the_seed)

        assert [said.returncode for said in (active, registered, policies, queues)] == [0, 0, 0, 0]
        assert "1 node online." in active.stdout
        ours = {"run_post_payment_hooks_task", *POLICIES}
        assert set(re.findall(r"\* payments\.tasks\.(\w+)", registered.stdout)) == ours
        shown = re.findall(r"tasks\.(\w+) \[max_retries=(\d+) default_retry_delay=(\d+)\]", policies.stdout)
        assert {name: (int(times), int(delay)) for name, times, delay in shown}.items() >= POLICIES.items()
        assert re.findall(r"\* \{'name': '(\w+)'", queues.stdout) == list(Queue)
        assert len(Queue) == 7
        assert ended == 0

    def test_finishes_what_is_under_way_when_it_is_told_to_shut_down(self, empty_house, tmp_path):
        desk = Desk.at(empty_house, tmp_path / "notes")
        desk.start_worker("--concurrency=1")
        under_way = desk.send("wait", "important", answered=True)
        desk.wait_for_notes(1)

        said = run(empty_house, "celery -A rms_backend control shutdown")
        desk.let_go("important")

        assert said.returncode == 0
        assert isinstance(under_way.get(timeout=30), int)
        assert empty_house.crew.running.pop("worker").wait(30) == 0

    def test_says_everything_in_debug_mode(self, empty_house):
        start(empty_house, "celery -A rms_backend worker --loglevel=debug --concurrency=1")

        ended = told_to_stop(empty_house)

        assert ended == 0
        assert empty_house.crew.says("worker", "DEBUG pidbox received method shutdown")

    def test_goes_into_the_background_and_is_reached_there(self, empty_house, tmp_path):
        pid_file, log_file = tmp_path / "worker.pid", tmp_path / "worker.log"

        detached = run(
            empty_house,
            f"celery -A rms_backend worker --detach --loglevel=info --pidfile={pid_file} --logfile={log_file}",
        )

        try:
            empty_house.wait_for(lambda: "ready." in text_of(log_file), lambda: text_of(log_file))
            inspected = run(empty_house, "celery -A rms_backend inspect active")
            stopped = run(empty_house, "celery -A rms_backend control shutdown")
            empty_house.wait_for(lambda: not pid_file.exists(), lambda: text_of(log_file))
        finally:
            kill_if_it_lives(text_of(pid_file))
        assert [said.returncode for said in (detached, inspected, stopped)] == [0, 0, 0]
        assert "1 node online." in inspected.stdout


class TestQueueSpecificWorkers:
    def test_serve_their_queues_side_by_side_under_one_name(self, empty_house):
        emails = "celery -A rms_backend worker --queues=emails --concurrency=2"
        pos_sync = "celery -A rms_backend worker --queues=pos_sync --concurrency=1"
        start(empty_house, f"{emails} --loglevel=info", name="emails")
        start(empty_house, f"{pos_sync} --loglevel=info", name="pos_sync")
        empty_house.start_worker(
            "others", "--queues=post_payment,default,analytics,loyalty,inventory", "--concurrency=1"
        )
        orders = empty_house.orders(5)

        empty_house.pay(orders)

        empty_house.wait_until_at_rest(orders)
        empty_house.assert_each_step_happened_once(orders)
        carried_out = {name: tasks_in_log(empty_house, name) for name in ("emails", "pos_sync")}
        assert carried_out == {
            "emails": {"send_order_confirmation_email_task", "send_staff_notification_task"},
            "pos_sync": {"sync_order_to_pos_task"},
        }

    @pytest.mark.parametrize(("queue", "processes"), [("emails", 2), ("pos_sync", 1)])
    def test_have_as_many_processes_as_the_seed_gives_them(self, empty_house, tmp_path, queue, processes):
        desk = Desk.at(empty_house, tmp_path / "notes")
        start(
            empty_house,
            f"celery -A rms_backend worker --queues={queue} --concurrency={processes} --loglevel=info",
        )

        assert len(desk.ask("stats", worker="celery")["pool"]["processes"]) == processes
        assert [found["name"] for found in desk.ask("active_queues", worker="celery")] == [queue]


class TestBeat:
    def test_starts_and_ends_when_it_is_asked_to(self, empty_house):
        before = set(ROOT.glob("celerybeat*"))

        start(
            empty_house, "celery -A rms_backend beat --loglevel=info", name="beat", ready="beat: Starting..."
        )

        assert stopped(empty_house, "beat") == 0
        assert set(ROOT.glob("celerybeat*")) == before

    def test_started_twice_does_no_harm_and_writes_no_file(self, empty_house, tmp_path):
        desk, before = Desk.at(empty_house, tmp_path / "notes"), set(ROOT.glob("celerybeat*"))
        beats = ("first beat", "second beat")

        with empty_house.told(**desk.environment):
            for name in beats:
                start(
                    empty_house,
                    "celery -A rms_backend beat --loglevel=info",
                    name=name,
                    ready="beat: Starting...",
                )
        # Every second; the second time shows that the first did not break it.
        empty_house.wait_for(
            lambda: all(said_how_often(empty_house, name, "Sending due task") >= 2 for name in beats),
            lambda: "the beats do not go on",
        )

        assert [stopped(empty_house, name) for name in beats] == [0, 0]
        assert set(ROOT.glob("celerybeat*")) == before


class TestFlower:
    def test_starts_and_answers(self, empty_house):
        port = any_free_port()

        empty_house.crew.start_command(
            "flower", *shlex.split(f"celery -A rms_backend flower --port={port}"), directory=ROOT
        )

        empty_house.crew.wait_for("flower", lambda: answers(f"http://127.0.0.1:{port}/healthcheck"))


def stopped(house: House, name: str) -> int:
    """
    Ask a process to end, and return how it did.
    """
    process = house.crew.running.pop(name)
    process.terminate()
    return process.wait(30)


def tasks_in_log(house: House, name: str) -> set[str]:
    log = (house.crew.logs / f"{name}.log").read_text()
    return set(re.findall(r"Task payments\.tasks\.(\w+)\[\S+\] succeeded", log))


def said_how_often(house: House, name: str, words: str) -> int:
    return (house.crew.logs / f"{name}.log").read_text().count(words)


def text_of(path) -> str:
    return path.read_text() if path.exists() else ""


def kill_if_it_lives(pid: str) -> None:
    if pid.strip():
        os.kill(int(pid), 9)
