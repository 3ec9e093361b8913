"""
What Flower is told is checked when settings are read, and no isolated run hears what was meant for another Flower.
"""

import os
import subprocess
import sys

import pytest

from tests.architecture.test_settings import PRODUCTION, ROOT, settings_with

LONG = "a-long-password"


class TestLogins:
    def test_may_be_several(self):
        found = settings_with({"FLOWER_BASIC_AUTH": f"anna:{LONG}, ben:with:a:colon"}, "FLOWER_BASIC_AUTH")

        assert found.stdout.strip() == f"['anna:{LONG}', 'ben:with:a:colon']", found.stderr

    def test_are_not_needed_by_web_and_workers(self):
        assert settings_with(PRODUCTION, "FLOWER_BASIC_AUTH").stdout.strip() == "[]"

    @pytest.mark.parametrize("login", ["secret", ":secret", "anna:", "änna:secret", f"anna:{LONG},secret"])
    def test_stop_the_start_when_they_are_none(self, login):
        complaint = settings_with({"FLOWER_BASIC_AUTH": login}).stderr.splitlines()[-1]

        assert "FLOWER_BASIC_AUTH is set to something else. Write user:password" in complaint
        assert "secret" not in complaint

    def test_have_a_long_password_outside_development(self):
        short = {"FLOWER_BASIC_AUTH": "anna:secret"}

        assert settings_with(short, "DEBUG").stdout.strip() == "True"
        assert "at least 12 characters" in settings_with({**PRODUCTION, **short}).stderr.splitlines()[-1]


class TestIsolatedRun:
    def test_hears_nothing_of_another_flower(self):
        environment = {**os.environ, "FLOWER_ADDRESS": "0.0.0.0", "FLOWER_UNAUTHENTICATED_API": "1"}
        code = (
            "import os; from django.conf import settings as s;"
            "print(s.FLOWER_ADDRESS, s.FLOWER_DB, [name for name in os.environ if name.startswith('FLOWER_')])"
        )

        found = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

        home = os.environ["ISOLATED_EMBEDDED_HOME"]
        assert found.stdout.strip() == f"127.0.0.1 {home}/flower/flower.db []"
