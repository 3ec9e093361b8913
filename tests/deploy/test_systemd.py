"""
The units in deploy/systemd: what systemd says to them, and what they say to systemd.
"""

import shutil
import subprocess
import sys

import pytest

from rms_backend import celery_app
from tests.architecture.test_settings import ROOT
from tests.deploy import units
from tests.deploy.units import Unit

NAMES = units.names()
WORKERS = ["celery-worker.service", "celery-worker@.service"]
CLOSES_WITHIN_SECONDS = 20


class TestUnits:
    def test_are_these(self):
        assert [
            "celery-beat.service", "celery-flower.service", *WORKERS, "rms-migrate.service", "rms-web.service",
        ] == NAMES  # fmt: skip

    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
    def test_are_accepted_by_systemd(self, tmp_path):
        here = {units.PROGRAMS: f"{sys.prefix}/bin", units.HOME: str(ROOT)}
        for name in NAMES:
            text = Unit(name).text
            for there, local in here.items():
                text = text.replace(there, local)
            (tmp_path / name.replace("@.", "@emails.")).write_text(text)

        found = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())],
            capture_output=True,
            text=True,
            check=False,
        )

        ours = [
            line for line in found.stderr.splitlines() if any(name.split(".")[0] in line for name in NAMES)
        ]
        assert (found.returncode, ours) == (0, [])

    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
    @pytest.mark.parametrize("name", NAMES)
    def test_are_little_exposed(self, name):
        rating = ["systemd-analyze", "security", "--offline=true", "--threshold=35", "--no-pager"]

        found = subprocess.run(
            [*rating, str(units.FOLDER / name)], capture_output=True, text=True, check=False
        )

        assert found.returncode == 0, found.stdout[-300:] + found.stderr

    @pytest.mark.parametrize("name", NAMES)
    def test_run_as_www_data_and_write_nowhere_but_in_logs_and_var(self, name):
        unit = Unit(name)

        assert (unit.one("User"), unit.one("Group")) == ("www-data", "www-data")
        assert unit.all("EnvironmentFile")[0] == "/etc/rms-backend.env"
        assert unit.one("WorkingDirectory") == units.HOME
        assert unit.one("ProtectSystem") == "strict"
        assert unit.one("NoNewPrivileges") == "yes"
        assert unit.one("ReadWritePaths") == f"{units.HOME}/logs {units.HOME}/var"

    @pytest.mark.parametrize("name", WORKERS)
    def test_of_workers_wait_longer_than_the_longest_task_may_take(self, name):
        longest = celery_app.conf.task_time_limit + celery_app.conf.worker_soft_shutdown_timeout

        assert Unit(name).stop_seconds >= longest + CLOSES_WITHIN_SECONDS

    @pytest.mark.parametrize("name", WORKERS)
    def test_of_workers_hold_nothing_that_breaks_in_the_seeds(self, name):
        unit = Unit(name)

        assert unit.one("Type") == "exec"
        assert unit.one("KillMode") == "mixed"
        assert "--detach" not in unit.one("ExecStart")
        assert unit.all("ExecStop") == unit.all("ExecReload") == []

    def test_of_one_lane_takes_its_name_from_the_instance_unless_it_is_told_otherwise(self):
        unit = Unit("celery-worker@.service", instance="emails")

        alone = unit.command()
        told = unit.command({"QUEUES": "analytics,loyalty", "CONCURRENCY": "4"})

        assert alone[-3:] == ["--queues=emails", "--concurrency=1", "--hostname=emails@%h"]
        assert told[-3:] == ["--queues=analytics,loyalty", "--concurrency=4", "--hostname=emails@%h"]
        assert unit.all("EnvironmentFile")[1] == "-/etc/rms-backend-worker-%i.env"
