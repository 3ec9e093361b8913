"""
The heartbeat of real worker processes: young while they are able to work, old when they are not.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery

from devtools.show.crew import Crew, any_free_port
from embedded import Servers
from tests.acceptance.frail.apps import SILENT_AT_MOST_SECONDS
from tests.isolation import ROOT

pytestmark = pytest.mark.acceptance

PATIENCE_SECONDS = 60
NODE = "frail@test"
BUSY = "tests.acceptance.frail.tasks.be_busy"


@dataclass
class Ward:
    """
    One frail worker and its servers.
    """

    servers: Servers
    crew: Crew
    app: Celery

    @property
    def heartbeats(self) -> Path:
        return self.servers.home / "heartbeats"

    @property
    def heartbeat(self) -> Path:
        return self.heartbeats / NODE

    def admit(self, *, pool: str = "prefork", **environment: str) -> None:
        before = self.crew.environment
        self.crew.environment = {**before, **environment}
        self.crew.start(
            "worker", "celery", "-A", "rms_backend", "worker", f"--pool={pool}", "--concurrency=1",
            "--loglevel=info", f"--hostname={NODE}",
        )  # fmt: skip
        self.crew.environment = before
        self.wait_for(self.heartbeat.exists, "no heartbeat")

    def admit_and_wait(self, *, pool: str = "prefork") -> None:
        self.admit(pool=pool)
        self.crew.wait_for("worker", lambda: self.crew.says("worker", "ready."))

    def assert_beats_on(self) -> None:
        """
        The heart beats for longer from now on than it would without a mark or a good reason.
        """
        longer = (
            time.time() + 2 * SILENT_AT_MOST_SECONDS + 1
        )  # not asking counts when it lasts, and so does no mark
        self.wait_for(lambda: self.heartbeat.stat().st_mtime > longer, "the heart has stopped")

    def assert_has_stopped(self) -> None:
        """
        The worker runs, and its heartbeat grows older than that of a healthy one ever does.
        """
        self.wait_for(
            lambda: time.time() - self.heartbeat.stat().st_mtime > SILENT_AT_MOST_SECONDS + 1,
            "the heart beats on",
        )
        assert self.crew.running["worker"].poll() is None

    def wait_for(self, wanted: Callable[[], bool], otherwise: str) -> None:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not wanted():
            assert time.monotonic() < give_up_at, otherwise
            time.sleep(0.05)

    @contextmanager
    def frozen(self, pid: int) -> Iterator[None]:
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    servers = Servers(ROOT / "var" / f"ward-{os.getpid()}", durable=False)
    servers.ensure_running()
    yield servers
    servers.remove()


@pytest.fixture
def ward(servers: Servers, tmp_path) -> Iterator[Ward]:
    environment = {
        "RMS_ISOLATED": "1",
        "ISOLATED_EMBEDDED_HOME": str(servers.home),
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.frail.settings",
    }
    app = Celery("outside", broker=servers.addresses().broker_url, set_as_current=False)
    app.conf.task_default_queue = "default"
    app.conf.broker_transport_options = {"priority_steps": list(range(10))}
    (servers.home / "heartbeats" / NODE).unlink(missing_ok=True)
    crew = Crew(environment=environment, logs=tmp_path / "logs")
    yield Ward(servers=servers, crew=crew, app=app)
    if "worker" in crew.running:
        crew.kill("worker")
    app.control.purge()
    app.close()


class TestHeartbeat:
    @pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
    def test_is_young_while_all_is_well(self, ward: Ward, pool):
        ward.admit_and_wait(pool=pool)

        ward.assert_beats_on()

    def test_is_young_before_the_broker_was_ever_reached(self, ward: Ward):
        nobody = f"redis://:secret@127.0.0.1:{any_free_port()}/0"

        ward.admit(ISOLATED_CELERY_BROKER_URL=nobody)

        ward.assert_beats_on()
        assert not ward.crew.says("worker", "ready.")

    @pytest.mark.parametrize("pool", ["prefork", "threads"])
    def test_stays_young_while_the_broker_hangs_and_when_it_is_back(self, ward: Ward, pool):
        ward.admit_and_wait(pool=pool)

        with ward.frozen(ward.servers.broker_pid):
            ward.assert_beats_on()

        ward.assert_beats_on()

    def test_stays_young_while_the_broker_is_down_and_when_it_is_back(self, ward: Ward):
        ward.admit_and_wait()

        ward.servers.hold("broker")
        try:
            ward.assert_beats_on()
        finally:
            ward.servers.release("broker")

        ward.wait_for(lambda: ward.app.control.ping(timeout=1) != [], "the worker did not come back")
        ward.assert_beats_on()

    def test_stays_young_while_the_database_hangs(self, ward: Ward):
        ward.admit_and_wait()

        with ward.frozen(ward.servers.postgres_pid):
            ward.assert_beats_on()

    @pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
    def test_stays_young_while_every_hand_is_busy(self, ward: Ward, pool):
        ward.admit_and_wait(pool=pool)
        for _ in range(8):
            ward.app.send_task(BUSY, args=[600])
        ward.wait_for(lambda: ward.crew.says("worker", f"{BUSY}["), "the task never began")

        ward.assert_beats_on()

    @pytest.mark.parametrize("pool", ["prefork", "threads"])
    def test_grows_old_when_the_main_loop_is_stuck(self, ward: Ward, pool):
        ward.admit_and_wait(pool=pool)

        ward.app.control.broadcast("get_stuck")

        ward.assert_has_stopped()

    @pytest.mark.parametrize("pool", ["prefork", "threads"])
    def test_grows_old_when_the_worker_never_asks_for_messages_again(self, ward: Ward, pool):
        ward.admit_and_wait(pool=pool)

        ward.app.control.broadcast("fall_silent")

        ward.assert_has_stopped()

    @pytest.mark.parametrize("pool", ["prefork", "threads"])
    def test_goes_on_while_a_worker_that_stops_waits_for_its_last_task(self, ward: Ward, pool):
        ward.admit_and_wait(pool=pool)
        ward.app.send_task(BUSY, args=[600])
        ward.wait_for(lambda: ward.crew.says("worker", f"{BUSY}["), "the task never began")

        ward.crew.running["worker"].terminate()

        ward.assert_beats_on()

    @pytest.mark.parametrize("pool", ["prefork", "threads"])
    def test_leaves_no_file_behind(self, ward: Ward, pool):
        ward.admit_and_wait(pool=pool)

        worker = ward.crew.running.pop("worker")
        worker.terminate()

        worker.wait(PATIENCE_SECONDS)
        assert list(ward.heartbeats.iterdir()) == []


class TestWorkerIsAlive:
    def test_says_so_of_a_worker_that_works_and_of_one_that_was_killed(self, ward: Ward):
        ward.admit_and_wait()

        alive = ask(ward.heartbeats, NODE)
        ward.crew.kill("worker")
        gone = ask(ward.heartbeats, NODE)

        assert (alive.returncode, gone.returncode) == (0, 1)
        assert alive.stdout.startswith(f"{NODE} is alive: its heartbeat is ")
        assert "its process" in gone.stdout

    def test_says_so_of_all_workers_that_run_here(self, tmp_path):
        ours = os.getpid()
        heart(tmp_path, "young@here", pid=ours, age=5)
        heart(tmp_path, "renamed@here", pid=2**22 + 1, age=5_000)

        well = ask(tmp_path)
        heart(tmp_path, "old@here", pid=ours, age=90)
        ill = ask(tmp_path)

        assert (well.returncode, ill.returncode) == (0, 1), well.stdout
        assert "old@here does not work: its heartbeat is 9" in ill.stdout
        assert "young@here is alive" in ill.stdout

    def test_is_a_no_when_no_worker_runs(self, tmp_path):
        heart(tmp_path, "gone@here", pid=2**22 + 1, age=5)

        for none in (ask(tmp_path), ask(tmp_path / "nowhere"), ask(tmp_path, "never@here")):
            assert none.returncode == 1
            assert none.stdout.strip(), none.stderr

    @pytest.mark.parametrize(("age", "answer"), [(50, 0), (70, 1)])
    def test_takes_a_heartbeat_of_a_minute_for_the_last(self, tmp_path, age, answer):
        heart(tmp_path, "some@here", pid=os.getpid(), age=age)

        assert ask(tmp_path, "some@here").returncode == answer


def ask(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "worker_is_alive", *arguments],
        env={"PATH": "/usr/bin:/bin", "HEARTBEAT_DIR": str(directory)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def heart(directory: Path, node: str, *, pid: int, age: float) -> None:
    path = directory / node
    path.write_text(f"{pid}\n")
    os.utime(path, (time.time() - age, time.time() - age))
