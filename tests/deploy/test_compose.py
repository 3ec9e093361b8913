"""
docker-compose.celery.yml: what it starts, what it demands, and what it keeps to itself.
"""

import re
import shutil
import subprocess

import pytest

from pipeline.queues import Queue
from rms_backend import celery_app
from tests.architecture.test_settings import PRODUCTION, ROOT
from tests.deploy import compose

TOLD = {name: f"value-of-{name.lower()}" for name in compose.variables()}
SERVICES = compose.services(TOLD)
WORKERS = [name for name in SERVICES if name.startswith("celery_worker")]
OURS = ["migrate", "web", *WORKERS, "beat", "flower"]
CLOSES_WITHIN_SECONDS = 20  # what a worker may need once its last task has ended


class TestComposeFile:
    def test_starts_the_services_of_the_seed(self):
        assert {"postgres", "redis", "web", "celery_worker", "beat", "flower"} <= set(SERVICES)
        assert SERVICES["redis"].told["image"] == "redis:7-alpine"

    def test_is_accepted_by_compose_itself(self, tmp_path):
        command = _compose_command()
        shutil.copy(compose.FILE, tmp_path)
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in TOLD.items()))

        found = subprocess.run(
            [*command, "-f", compose.FILE.name, "config", "-q"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

        assert (found.returncode, found.stderr) == (0, "")

    def test_publishes_web_and_flower_to_this_machine_and_nothing_else(self):
        published = {
            name: service.told["ports"] for name, service in SERVICES.items() if "ports" in service.told
        }

        assert published == {"web": ["127.0.0.1:8000:8000"], "flower": ["127.0.0.1:5555:5555"]}

    def test_keeps_database_and_broker_on_a_network_without_a_way_out(self):
        assert compose.raw()["networks"]["inside"] == {"internal": True}
        assert SERVICES["postgres"].told["networks"] == SERVICES["redis"].told["networks"] == ["inside"]

    @pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
    def test_checks_the_health_of_each_service_and_starts_it_again(self, name):
        assert SERVICES[name].check
        assert SERVICES[name].told["restart"] == "unless-stopped"

    @pytest.mark.parametrize("name", SERVICES)
    def test_gives_no_service_more_rights_than_it_needs(self, name):
        told = SERVICES[name].told

        assert told["read_only"] is True
        assert told["init"] is True
        assert told["cap_drop"] == ["ALL"]
        assert told["security_opt"] == ["no-new-privileges:true"]
        assert name in OURS or told["user"] in ("postgres", "redis")  # ours: USER in the Dockerfile
        assert "privileged" not in told

    @pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"])
    def test_starts_nothing_of_ours_before_the_tables_are_made(self, name):
        assert SERVICES[name].told["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }
        assert SERVICES["migrate"].told["restart"] == "no"

    @pytest.mark.parametrize("name", OURS)
    def test_runs_all_that_is_ours_from_one_image_in_production_mode(self, name):
        assert SERVICES[name].told["build"] == "."
        assert SERVICES[name].told["image"] == SERVICES["web"].told["image"]
        assert SERVICES[name].environment["DJANGO_DEBUG"] == "0"
        assert "logs:/app/logs" in SERVICES[name].told["volumes"]


class TestWorkerService:
    def test_of_each_lane_that_somebody_else_can_hold_up_is_its_own(self):
        lanes = {name: _lanes(name) for name in WORKERS}

        assert sorted(lane for taken in lanes.values() for lane in taken) == sorted(q.value for q in Queue)
        for alone in (Queue.EMAILS, Queue.POS_SYNC, Queue.DEFAULT):
            assert [alone] in lanes.values()

    @pytest.mark.parametrize("name", WORKERS)
    def test_has_a_grace_longer_than_the_longest_task_and_celerys_own_shutdown(self, name):
        longest = celery_app.conf.task_time_limit + celery_app.conf.worker_soft_shutdown_timeout

        assert SERVICES[name].grace_seconds >= longest + CLOSES_WITHIN_SECONDS


class TestVariable:
    @pytest.mark.parametrize("missing", TOLD)
    def test_that_is_missing_stops_the_start_and_names_the_remedy(self, missing):
        with pytest.raises(compose.NotThere, match=rf"^Write {missing}=\S+ into \.env"):
            compose.services({name: value for name, value in TOLD.items() if name != missing})

    @pytest.mark.parametrize("name", TOLD)
    def test_is_explained_at_the_top(self, name):
        assert re.search(rf"\b{name}\b", compose.head()), f"Explain {name} at the top of {compose.FILE.name}."

    def test_is_asked_for_wherever_production_would_refuse_to_start_without(self):
        told_anyway = set(SERVICES["web"].environment)

        assert set(PRODUCTION) <= told_anyway, (
            "Compose must demand what the settings demand, before anything starts."
        )

    def test_of_env_example_is_known_where_the_top_points_to_it(self):
        example = (ROOT / ".env.example").read_text()

        for name in ("DJANGO_SECRET_KEY", "DJANGO_ALLOWED_HOSTS", "EMAIL_HOST", "STRIPE_SECRET_KEY"):
            assert f"{name}=" in example


def _lanes(worker: str) -> list[str]:
    (queues,) = [word for word in SERVICES[worker].command if word.startswith("--queues=")]
    return queues.removeprefix("--queues=").split(",")


def _compose_command() -> list[str]:
    for command in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(command[0]):
            answer = subprocess.run([*command, "version"], capture_output=True, check=False)
            if answer.returncode == 0:
                return command
    pytest.skip("neither docker-compose nor docker compose is installed")
