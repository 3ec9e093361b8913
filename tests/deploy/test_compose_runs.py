"""
Each service of docker-compose.celery.yml, run here by its very command, in production mode.
"""

import base64
import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import redis
from django.core.management import call_command

from devtools.till import Mode
from pipeline.models import State, StepRun
from pipeline.queues import Queue
from tests.deploy.production import Production

pytestmark = pytest.mark.acceptance
WORKERS = ["celery_worker", "celery_worker_emails", "celery_worker_pos", "celery_worker_default"]
READY = {
    "web": r"(?s)Started worker.+Started worker",
    **dict.fromkeys(WORKERS, r"ready\."),
    "beat": "beat: Starting",
}


@pytest.fixture(scope="module")
def system(production: Production) -> Production:
    """
    Everything that `docker-compose up -d` starts.
    """
    for name in (*READY, "flower"):
        production.start(name)
    for name, words in READY.items():
        production.processes.wait_until_it_says(name, words)
    production.wait_for_flower()
    return production


class TestRedis:
    def test_wants_the_password_which_is_not_on_its_command_line(self, production: Production):
        host, port = production.places["redis:6379"].split(":")
        command_line = Path(f"/proc/{production.processes.running['redis'].pid}/cmdline").read_bytes()

        with redis.Redis(host=host, port=int(port)) as nobody, pytest.raises(redis.AuthenticationError):
            nobody.ping()
        assert production.told["REDIS_PASSWORD"].encode() not in command_line

    def test_keeps_what_it_holds_and_drops_nothing_when_it_is_full(self, production: Production):
        told = production.environment("web")["CELERY_BROKER_URL"]

        with redis.Redis.from_url(told) as broker:
            found = {name: broker.config_get(name)[name] for name in ("appendonly", "maxmemory-policy")}

        assert found == {"appendonly": "yes", "maxmemory-policy": "noeviction"}


class TestMigrate:
    def test_may_run_again_with_every_start(self, production: Production):
        again = production.run("migrate", *production.command("migrate"))

        assert again.returncode == 0, again.stderr
        assert "No migrations to apply" in again.stdout


class TestWorkers:
    def test_take_every_lane_between_them_and_no_lane_twice(self, system: Production):
        asked = system.run(
            "celery_worker", "celery", "-A", "rms_backend", "inspect", "active_queues", "--json"
        )

        taken = [queue["name"] for worker in json.loads(asked.stdout).values() for queue in worker]
        assert sorted(taken) == sorted(queue.value for queue in Queue)

    def test_are_found_alive_by_their_health_check(self, system: Production):
        system.processes.wait_for(lambda: system.check("celery_worker").returncode == 0, lambda: "not alive")


class TestWeb:
    def test_answers_and_serves_its_static_files(self, system: Production):
        here = f"http://127.0.0.1:{system.house.port}"

        found = [
            urllib.request.urlopen(here + path, timeout=10).status
            for path in ("/admin/login/", "/static/admin/css/base.css")
        ]

        assert found == [200, 200]

    def test_is_found_alive_by_its_health_check_and_not_when_it_is_somewhere_else(self, system: Production):
        here = f"http://127.0.0.1:{system.house.port}"

        found = system.run("web", *system.services["web"].check, here)
        nothing = system.run("web", *system.services["web"].check, "http://127.0.0.1:1")

        assert (found.returncode, nothing.returncode) == (0, 1), found.stderr


class TestBeat:
    def test_is_found_alive_by_its_health_check(self, system: Production):
        assert system.check("beat").returncode == 0


class TestFlower:
    def test_is_found_alive_by_its_health_check(self, system: Production):
        found = system.check("flower")

        assert found.returncode == 0, found.stderr

    def test_wants_the_login(self, system: Production):
        page = f"http://127.0.0.1:{system.flower_port}/workers"
        login = base64.b64encode(system.told["FLOWER_BASIC_AUTH"].encode()).decode()
        known = urllib.request.Request(page, headers={"Authorization": f"Basic {login}"})

        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(page, timeout=10)
        assert urllib.request.urlopen(known, timeout=10).status == 200


class TestComposedSystem:
    def test_does_each_follow_up_of_a_payment_once(self, system: Production):
        call_command("flush", interactive=False, verbosity=0)
        orders = system.house.orders(5)

        heard = system.house.pay(orders)

        system.house.wait_until_at_rest(orders)
        assert set(heard) == {200}
        system.house.assert_each_step_happened_once(orders)

    def test_does_everything_else_while_the_till_hangs(self, system: Production):
        call_command("flush", interactive=False, verbosity=0)
        system.house.till.break_down(Mode.HANG)
        orders = system.house.orders(20)

        system.house.pay(orders)

        others = StepRun.objects.exclude(lane=Queue.POS_SYNC).filter(state=State.DONE)
        system.house.wait_for(lambda: others.count() == 100, lambda: f"{others.count()} of 100 are done")
        assert not StepRun.objects.filter(lane=Queue.POS_SYNC, state=State.DONE).exists()

    def test_ends_within_the_grace_each_service_has(self, system: Production):
        ended = {
            name: system.processes.stop(name, within=system.services[name].grace_seconds)
            for name in (*READY, "flower", "redis")
        }

        assert ended == dict.fromkeys(ended, 0)
        assert system.check("beat").returncode != 0
