"""
The Dockerfile and .dockerignore: what goes into the image, and as whom it runs.
"""

import subprocess
import sys

import pytest

from tests.architecture.test_settings import ROOT
from tests.deploy import image


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image") / "app"
    image.unpack(folder)
    return folder


class TestImage:
    def test_runs_as_nobody_in_particular_and_in_production_mode(self):
        final = _final_stage()

        (user,) = [text for name, text in final if name == "USER"]
        assert user.split(":")[0].isdigit()
        assert int(user.split(":")[0]) >= 1000
        assert [name for name, _ in final].index("USER") < [name for name, _ in final].index("CMD")
        assert any("DJANGO_DEBUG=0" in text for name, text in final if name == "ENV")

    def test_installs_what_is_pinned_for_production_and_nothing_else(self):
        installs = [text for name, text in image.instructions() if name == "RUN" and "pip install" in text]

        assert len(installs) == 1
        assert "--require-hashes" in installs[0]
        assert installs[0].endswith("-r /tmp/celery.txt")
        assert {text.split()[0] for name, text in image.instructions() if name == "FROM"} == {
            "python:3.12-slim"
        }

    def test_copies_only_what_exists(self):
        for name, text in image.instructions():
            if name == "COPY" and not text.startswith("--from"):
                source = text.split()[0]
                assert (ROOT / source).exists(), f"COPY {source}: there is none"
                assert not image.is_ignored(source), f"COPY {source}: .dockerignore keeps it out"

    @pytest.mark.parametrize(
        "path",
        [
            ".env",
            ".env.production",
            ".git/config",
            "var/embedded/secrets/django_secret_key",
            "logs/celery_worker.log",
            ".venv/bin/python",
            "celerybeat-schedule.db",
            "pipeline/__pycache__/runner.cpython-312.pyc",
            "tests/isolation.py",
            "payments/tests/test_tasks.py",
            "devtools/till/server.py",
            "requirements/dev.txt",
        ],
    )
    def test_leaves_out(self, path):
        assert image.is_ignored(path)

    @pytest.mark.parametrize(
        "path", ["manage.py", "payments/tasks.py", "scripts/web_is_alive", "requirements/celery.txt"]
    )
    def test_holds(self, path):
        assert not image.is_ignored(path)

    def test_collects_its_static_files_at_build_without_being_told_anything(self, tmp_path):
        built = image.build(tmp_path / "app")

        assert image.python_commands() == ["python manage.py collectstatic --noinput"]
        assert (built / "static_collected" / "admin" / "css" / "base.css").is_file()
        assert list((built / "var").iterdir()) == []

    def test_starts_nothing_when_it_is_told_nothing(self, app):
        told_nothing = {"PATH": "/usr/bin:/bin", "DJANGO_DEBUG": "0"}
        command = [sys.executable, "manage.py", "migrate"]

        found = subprocess.run(
            command, cwd=app, env=told_nothing, capture_output=True, text=True, check=False
        )

        assert found.returncode != 0
        assert "DJANGO_SECRET_KEY is not set. Set it in the environment" in found.stderr


def _final_stage() -> list[tuple[str, str]]:
    names = [name for name, _ in image.instructions()]
    return image.instructions()[len(names) - 1 - names[::-1].index("FROM") :]
