"""
The health checks of a production web process, with real servers that are frozen, stopped and empty.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import requests
from django.conf import settings

from devtools.show.crew import Crew, any_free_port
from embedded import Servers
from pipeline.queues import Queue
from tests.isolation import ROOT

pytestmark = pytest.mark.acceptance

PATIENCE_SECONDS = 60
TOKEN = "a-long-random-text"
HOST = "orders.example.com"
# What a probe waits at most: two seconds for the servers, and a second for two busy cores.
QUICK_SECONDS = 10  # the answer is planned within 2; without a limit there would be none


@dataclass
class Site:
    """
    A web process in production mode, its database and its broker.
    """

    servers: Servers
    crew: Crew
    session: requests.Session = field(default_factory=requests.Session)
    port: int = 0

    def database_url(self, name: str) -> str:
        at = self.servers.addresses()
        return f"postgres://{at.postgres_user}:{at.postgres_password}@/{name}?host={at.postgres_host}"

    def environment(self, database: str) -> dict[str, str]:
        told = {
            "EMBEDDED_HOME": str(self.servers.home),
            "DJANGO_DEBUG": "0",
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
            "DJANGO_ALLOWED_HOSTS": HOST,
            "DATABASE_URL": self.database_url(database),
            "CELERY_BROKER_URL": self.servers.addresses().broker_url,
            "STRIPE_WEBHOOK_SECRETS": "whsec_1",
            "STRIPE_SECRET_KEY": "sk_test_1",
            "EMAIL_HOST": "127.0.0.1",
            "HEALTH_TOKEN": TOKEN,
        }
        return {"RMS_ISOLATED": "1", **{f"ISOLATED_{name}": value for name, value in told.items()}}

    def open(self, database: str) -> None:
        self.crew.environment = self.environment(database)
        self.port = any_free_port()
        (self.crew.logs / "web.log").unlink(missing_ok=True)
        self.crew.start(
            "web", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", "1", "--blocking-threads", "4", "rms_backend.wsgi:application",
        )  # fmt: skip
        self.crew.wait_for("web", lambda: self.crew.says("web", "Started worker-1"))

    def start_worker(self, *options: str) -> None:
        (self.crew.logs / "worker.log").unlink(missing_ok=True)
        self.crew.start(
            "worker", "celery", "-A", "rms_backend", "worker", "--concurrency=1", "-l", "info", *options
        )
        self.crew.wait_for("worker", lambda: self.crew.says("worker", "ready."))

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env={**os.environ, **self.crew.environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def get(
        self, path: str, *, method: str = "GET", https: bool = False, token: str = ""
    ) -> requests.Response:
        headers = {"Host": HOST, **({"X-Forwarded-Proto": "https"} if https else {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.session.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=30, allow_redirects=False
        )

    def wait_until_ready(self) -> None:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while (answer := self.get("/readyz")).status_code != 200:
            assert time.monotonic() < give_up_at, answer.text
            time.sleep(0.1)

    def eventually(self, wanted: Callable[[dict], bool]) -> dict:
        """
        What the deep check says once it says what is wanted.
        """
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not wanted(found := self.get("/healthz/pipeline", https=True, token=TOKEN).json()):
            assert time.monotonic() < give_up_at, found
        return found

    def connections(self) -> int:
        with psycopg.connect(self.database_url("postgres"), autocommit=True) as admin:
            found = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = 'site'").fetchone()
            return found[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    servers = Servers(ROOT / "var" / f"site-{os.getpid()}", durable=False)
    servers.ensure_running()
    crew = Crew(environment={}, logs=tmp_path_factory.mktemp("site") / "logs")
    site = Site(servers=servers, crew=crew)
    site.session.trust_env = False
    try:
        with psycopg.connect(site.database_url("postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE site")
            admin.execute("CREATE DATABASE empty")
        crew.environment = site.environment("site")
        migrated = site.manage("migrate", "--verbosity=0")
        assert migrated.returncode == 0, migrated.stderr
        site.open("site")
        yield site
    finally:
        crew.dismiss()
        servers.remove()


@pytest.fixture
def worker(site: Site) -> Iterator[None]:
    site.start_worker()
    yield
    site.crew.kill("worker")


class TestLivez:
    def test_is_a_yes_over_plain_http_without_a_cookie_and_is_not_to_be_stored(self, site: Site):
        answer = site.get("/livez")

        assert (answer.status_code, answer.json()) == (200, {"alive": True})
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz/pipeline"])
    def test_and_its_neighbours_are_for_looking_only(self, site: Site, path):
        assert (
            site.get(path, method="POST", https=True).status_code == 403
        )  # it lacks a token against forgery
        assert site.get(path, method="OPTIONS", https=True).status_code == 405
        assert site.get(path, method="HEAD", https=True, token=TOKEN).text == ""

    def test_is_a_yes_whatever_hangs(self, site: Site):
        with frozen(site.servers.postgres_pid), frozen(site.servers.broker_pid):
            assert site.get("/livez").status_code == 200


class TestReadyz:
    def test_is_a_yes_when_database_and_broker_answer(self, site: Site):
        answer = site.get("/readyz")

        assert answer.status_code == 200
        assert answer.json() == {"ready": True, "database": "ok", "broker": "ok"}

    @pytest.mark.parametrize(("frozen_server", "other"), [("database", "broker"), ("broker", "database")])
    def test_is_a_quick_no_while_one_of_them_hangs(self, site: Site, frozen_server, other):
        site.wait_until_ready()
        pid = site.servers.postgres_pid if frozen_server == "database" else site.servers.broker_pid

        with frozen(pid):
            answer = site.get("/readyz")
            again = site.get("/readyz")

        assert answer.status_code == again.status_code == 503
        assert answer.json() == {"ready": False, frozen_server: "does not answer", other: "ok"}
        assert answer.elapsed.total_seconds() < QUICK_SECONDS
        site.wait_until_ready()

    def test_is_a_quick_no_while_both_hang(self, site: Site):
        site.wait_until_ready()

        with frozen(site.servers.postgres_pid), frozen(site.servers.broker_pid):
            answer = site.get("/readyz")

        assert answer.json() == {"ready": False, "database": "does not answer", "broker": "does not answer"}
        assert answer.elapsed.total_seconds() < QUICK_SECONDS
        site.wait_until_ready()

    @pytest.mark.parametrize("server", ["postgres", "broker"])
    def test_is_a_no_while_one_of_them_is_down_and_a_yes_when_it_is_back(self, site: Site, server):
        site.wait_until_ready()

        site.servers.hold(server)
        try:
            answer = site.get("/readyz")
        finally:
            site.servers.release(server)

        assert answer.status_code == 503
        site.wait_until_ready()

    def test_takes_one_connection_however_often_it_is_asked(self, site: Site):
        site.wait_until_ready()
        before = site.connections()

        for _ in range(50):
            site.get("/readyz")

        assert site.connections() == before == 1

    def test_is_a_no_while_the_database_lacks_migrations(self, site: Site):
        site.crew.dismiss()
        try:
            site.open("empty")
            answer = site.get("/readyz")
        finally:
            site.crew.dismiss()
            site.open("site")

        assert answer.status_code == 503
        assert "run `python manage.py migrate`" in answer.json()["database"]


class TestPipelineHealth:
    @pytest.mark.parametrize("token", ["", "another"])
    def test_is_not_for_everybody(self, site: Site, token):
        answer = site.get("/healthz/pipeline", https=True, token=token)

        assert answer.status_code == 403
        assert "lanes" not in answer.json()

    def test_does_not_take_the_token_over_plain_http(self, site: Site):
        assert site.get("/healthz/pipeline", token=TOKEN).status_code == 301

    @pytest.mark.usefixtures("worker")
    def test_is_a_yes_when_each_queue_has_a_worker_and_nothing_is_overdue(self, site: Site):
        answer = site.get("/healthz/pipeline", https=True, token=TOKEN)

        found = answer.json()
        assert (answer.status_code, found["complaints"]) == (200, [])
        assert {lane["lane"]: lane["workers"] for lane in found["lanes"]} == dict.fromkeys(Queue, 1)

    def test_names_each_queue_without_a_worker(self, site: Site):
        site.start_worker("--queues=post_payment,emails,analytics,loyalty,inventory,default")
        try:
            answer = site.get("/healthz/pipeline", https=True, token=TOKEN)
            by_command = site.manage("health")
        finally:
            site.crew.kill("worker")

        assert answer.status_code == 503
        assert answer.json()["complaints"] == ["No worker consumes the queue pos_sync."]
        assert by_command.returncode == 1
        assert "Wrong: No worker consumes the queue pos_sync." in by_command.stdout

    @pytest.mark.usefixtures("worker")
    def test_names_a_lane_that_is_overdue(self, site: Site):
        with psycopg.connect(site.database_url("site"), autocommit=True) as database:
            database.execute(
                "INSERT INTO pipeline_steprun (step, subject_id, order_id, lane, state, due_at, attempts, sends, alone, because)"
                " VALUES ('of.tomorrow', 1, 1, 'loyalty', 'promised', now() - interval '10 minutes', 0, 0, false, '')"
            )
            try:
                answer = site.get("/healthz/pipeline", https=True, token=TOKEN)
            finally:
                database.execute("TRUNCATE pipeline_steprun, pipeline_stepevent")

        assert answer.status_code == 503
        [complaint] = answer.json()["complaints"]
        assert complaint.startswith("On the lane loyalty a step run waits for 60")

    @pytest.mark.usefixtures("worker")
    def test_is_a_yes_by_command_too(self, site: Site):
        found = site.manage("health")

        assert found.returncode == 0, found.stdout + found.stderr
        assert found.stdout.splitlines()[-1] == "All is well."

    @pytest.mark.usefixtures("worker")
    def test_tells_when_the_watch_that_beat_orders_has_run(self, site: Site):
        ordered = settings.CELERY_BEAT_SCHEDULE["watch"]
        code = (
            "from rms_backend import celery_app as app; from django.conf import settings;"
            "e = settings.CELERY_BEAT_SCHEDULE['watch']; app.send_task(e['task'], **e['options'])"
        )
        before = site.get("/healthz/pipeline", https=True, token=TOKEN).json()["seconds_since_watch"]

        sent = site.manage("shell", "-c", code)

        assert sent.returncode == 0, sent.stderr
        assert ordered["options"]["expires"] < ordered["schedule"]
        assert before is None
        assert site.eventually(lambda found: found["seconds_since_watch"] is not None)["complaints"] == []

    @pytest.mark.parametrize("server", ["postgres", "broker"])
    def test_is_a_quick_no_while_a_server_hangs(self, site: Site, server):
        site.wait_until_ready()

        with frozen(site.servers.postgres_pid if server == "postgres" else site.servers.broker_pid):
            answer = site.get("/healthz/pipeline", https=True, token=TOKEN)
            by_command = site.manage("health")

        name = "database" if server == "postgres" else "broker"
        assert answer.json()["complaints"] == [f"The {name} does not answer."]
        assert answer.elapsed.total_seconds() < QUICK_SECONDS
        assert by_command.returncode == 1
        assert f"Wrong: The {name} does not answer." in by_command.stdout
        site.wait_until_ready()


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """
    A server that is there and does not answer: it stands still with all its processes.
    """
    everyone = [pid, *children(pid)]
    for one in everyone:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in everyone:
            os.kill(one, signal.SIGCONT)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
