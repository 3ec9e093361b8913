"""
Flower: to whom it answers, what it refuses, and that it survives `kill -9`.
"""

import re
import urllib.request
from pathlib import Path

import pytest
from flower.urls import handlers

from tests.acceptance.flower.process import FlowerProcess
from tests.acceptance.flower.talkative import tasks
from tests.acceptance.house import House
from tests.architecture.test_settings import PRODUCTION

pytestmark = pytest.mark.acceptance

LOGIN = "kitchen:a-long-password"
# Flower's own list, so that a page which a later Flower adds is looked at too.
ROUTES = [(rule.regex.pattern if hasattr(rule, "regex") else rule[0]) for rule in handlers]
ACTIONS = [
    route for route in ROUTES if re.match(r"/api/(worker|task)/.+/\(\.\+\)", route) and "result" not in route
]
PAGES = [
    "/favicon.ico",
    "/robots.txt",
    "/what-there-is-not",
    *(re.sub(r"\(?\.[+*]\)?", "x", route).rstrip("$?") for route in ROUTES if route.startswith("/")),
]
PAGES.remove("/healthcheck")


@pytest.fixture(scope="module")
def locked(talker: House, tmp_path_factory):
    """
    Flower as it runs in production.
    """
    flower = FlowerProcess(
        talker,
        name="locked",
        login=LOGIN,
        environment=production(
            talker, FLOWER_BASIC_AUTH=LOGIN, FLOWER_DB=str(tmp_path_factory.mktemp("db") / "flower.db")
        ),
    )
    flower.start()
    yield flower
    flower.kill()


class TestFlower:
    @pytest.mark.parametrize("route", ACTIONS)
    def test_refuses_every_action(self, flower: FlowerProcess, route: str):
        status, because = flower.ask(route.replace("(.+)", "talker"), method="POST")

        assert (status, because) == (403, "Flower only shows. Act in the console, where the row is.\n")

    def test_keeps_results_for_whoever_called(self, flower: FlowerProcess):
        assert flower.status("/api/task/result/d54a8fe2-1234-4abc-9def-0123456789ab") == 403

    def test_without_a_login_answers_to_no_name_but_its_machines(self, flower: FlowerProcess):
        assert flower.status("/", Host="localhost:5555") == 200
        assert flower.status("/", Host="evil.example.com") == 403

    def test_without_a_login_lets_no_other_site_read(self, flower: FlowerProcess):
        with urllib.request.urlopen(f"http://127.0.0.1:{flower.port}/api/tasks") as answer:
            assert answer.headers["Access-Control-Allow-Origin"] is None


class TestInProduction:
    @pytest.mark.parametrize("path", PAGES)
    def test_answers_nobody_without_a_login(self, locked: FlowerProcess, path: str):
        assert locked.status(path, login=b"") == 401

    @pytest.mark.parametrize(
        "login", [b"kitchen:wrong", b"kitchen:", b"nonsense", "kitchen:k\u00fcche".encode(), b"\xff"]
    )
    def test_answers_nobody_with_a_wrong_login(self, locked: FlowerProcess, login: bytes):
        assert locked.status("/api/tasks", login=login) == 401

    @pytest.mark.parametrize(
        "path", ["/", "/tasks", "/broker", "/metrics", "/api/tasks", "/static/css/flower.css"]
    )
    def test_answers_with_the_login(self, locked: FlowerProcess, path: str):
        assert locked.status(path) == 200

    def test_tells_this_machine_that_it_lives(self, locked: FlowerProcess):
        assert locked.ask("/healthcheck", login=b"") == (200, "OK")
        assert locked.status("/healthcheck/..", login=b"") == 401

    def test_only_shows(self, locked: FlowerProcess):
        assert locked.status("/api/task/async-apply/x", method="POST") == 403

    @pytest.mark.parametrize(
        ("environment", "options", "complaint"),
        [
            ({}, (), "Set FLOWER_BASIC_AUTH=user:password"),
            ({"FLOWER_BASIC_AUTH": LOGIN}, ("--read_only=False",), "It only shows"),
            ({"FLOWER_BASIC_AUTH": LOGIN}, ("--basic_auth=a:b",), "Drop --basic_auth"),
            ({"FLOWER_BASIC_AUTH": LOGIN}, ("--auth=.*@example.com",), "Drop --auth"),
            ({"FLOWER_BASIC_AUTH": LOGIN}, ("--debug",), "Drop --debug"),
            ({"DJANGO_DEBUG": "1"}, ("--address=0.0.0.0",), "on this machine only, not on 0.0.0.0"),
            (
                {"DJANGO_DEBUG": "1", "FLOWER_ADDRESS": "10.0.0.1"},
                (),
                "on this machine only, not on 10.0.0.1",
            ),
        ],
    )
    def test_does_not_start_open(self, talker: House, environment, options, complaint):
        flower = FlowerProcess(talker, name="open", environment=production(talker, **environment))
        (talker.crew.logs / "open.log").unlink(missing_ok=True)

        flower.start(*options, ready=False)

        assert talker.crew.running.pop("open").wait(60) == 1
        said = (talker.crew.logs / "open.log").read_text()
        assert said.startswith("Flower does not start:")
        assert complaint in said


class TestBehindAPrefix:
    def test_is_guarded_alike(self, talker: House, tmp_path: Path):
        environment = production(talker, FLOWER_BASIC_AUTH=LOGIN, FLOWER_DB=str(tmp_path / "flower.db"))
        flower = FlowerProcess(talker, name="prefixed", prefix="/f", login=LOGIN, environment=environment)

        flower.start("--url_prefix=f")

        asked = {
            path: flower.status(path, login=b"")
            for path in ("/healthcheck", "/metrics", "/static/css/flower.css")
        }
        assert asked == {"/healthcheck": 200, "/metrics": 401, "/static/css/flower.css": 401}
        assert flower.status("/tasks") == 200
        assert flower.status("/api/task/result/x") == 403
        assert flower.status("/api/worker/shutdown/talker", method="POST") == 403
        flower.kill()


class TestKilledFlower:
    def test_still_knows_what_it_had_seen(self, locked: FlowerProcess):
        sent = locked.send(tasks.repeat_task, 7)
        locked.wait_for(lambda: locked.state_of(sent) == "SUCCESS")
        before = saved_at(locked)
        locked.wait_for(lambda: saved_at(locked) > before)
        known = locked.tasks()[sent]

        locked.kill()
        locked.start()

        assert locked.tasks()[sent] == known


def production(house: House, **more: str) -> dict[str, str]:
    """
    The environment of a process in production, on the broker of the house.
    """
    settings = {
        **PRODUCTION,
        "CELERY_BROKER_URL": house.addresses.broker_url,
        "RETRY_TIME_SCALE": "1",
        **more,
    }
    return {f"ISOLATED_{name}": value for name, value in settings.items()}


def saved_at(flower: FlowerProcess) -> int:
    folder = Path(flower.environment["ISOLATED_FLOWER_DB"]).parent
    return max((path.stat().st_mtime_ns for path in folder.iterdir()), default=0)
