"""What is found broken at the start: a working server, or a sentence that says what to do."""

import os
import shutil
import subprocess
import sys

import pytest

from embedded import EmbeddedServersFailed, Servers
from embedded.tests.world import QUICK, REPOSITORY, Holder, are_gone, eventually, holding, query


def complaint(home, **settings) -> str:
    holder = Holder(home, **settings)
    said = holder.says()
    holder.let_go()
    return said


class TestAStart:
    def test_sees_through_a_pid_that_belongs_to_somebody_else_now(self, place, servers, home):
        with holding(place / "other"):
            # the worst case: another living PostgreSQL of the same user
            somebody = Servers(place / "other").postgres_pid
            data = home / "postgres" / "data"
            (data / "postmaster.pid").write_text(
                f"{somebody}\n{data}\n1\n5432\n{home}/postgres\n\n  1 1\nready\n"
            )

            with holding(home):
                assert query(servers.addresses(), "SELECT number FROM kept_from_before") == 42
            assert Servers(place / "other").is_running()

    def test_ignores_an_old_ready(self, servers, home):
        (home / "state.json").write_text(
            '{"run": "old", "keeper": 1, "stage": "ready", "pids": {"postgres": 1}, "because": ""}'
        )

        assert not servers.is_running()
        with holding(home):
            assert servers.postgres_pid != 1

    def test_makes_half_made_data_anew(self, servers, bare_home):
        home = bare_home
        servers.addresses()
        for half in (home / "postgres" / "data.new-1" / "base", home / "postgres" / "data" / "base"):
            half.mkdir(parents=True)

        with holding(home):
            assert query(servers.addresses(), "SELECT 1") == 1
        assert (home / "postgres" / "data.half-1" / "base").is_dir()

    def test_outlives_a_keeper_killed_while_it_makes_the_data(self, servers, bare_home):
        holder = Holder(bare_home)
        eventually(lambda: list(bare_home.glob("postgres/data.new-*/base")))
        os.kill(servers.keeper_pid, 9)

        holder.is_ready()
        assert query(servers.addresses(), "SELECT 1") == 1
        holder.let_go()

    def test_goes_on_where_one_was_killed_in_its_first_moment(self, servers, bare_home):
        (bare_home / "postgres").mkdir(parents=True)
        (bare_home / ".home.json.123").touch()

        with holding(bare_home):
            assert query(servers.addresses(), "SELECT 1") == 1

    def test_refuses_data_of_another_version(self, servers, home):
        (home / "postgres" / "data" / "PG_VERSION").write_text("16\n")

        said = complaint(home)

        assert "was made by PostgreSQL 16" in said
        assert "make clean" in said
        assert are_gone(servers)

    def test_quotes_the_log_of_a_server_that_will_not_start_and_succeeds_once_repaired(self, servers, home):
        settings = home / "postgres" / "data" / "postgresql.conf"
        good = settings.read_text()
        settings.write_text("nonsense = yes\n")

        said = complaint(home)

        assert 'unrecognized configuration parameter "nonsense"' in said
        assert are_gone(servers)
        settings.write_text(good)
        with holding(home):
            assert query(servers.addresses(), "SELECT number FROM kept_from_before") == 42

    def test_tells_all_who_wait_that_it_failed(self, servers, home):
        (home / "postgres" / "data" / "postgresql.conf").write_text("nonsense = yes\n")

        holders = [Holder(home) for _ in range(3)]

        assert all("nonsense" in holder.says() for holder in holders)
        for holder in holders:
            holder.let_go()

    def test_names_the_wheel_that_is_missing(self, bare_home, systems_python):
        said = complaint(bare_home, python=systems_python, without_wheels=True)

        assert said.startswith("failed: The")
        assert "make setup" in said

    @pytest.mark.needs_root
    def test_says_that_the_disk_is_full(self, place):
        small = place / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=False).returncode:
            pytest.skip("this machine does not let root mount anything")
        try:
            with pytest.raises(EmbeddedServersFailed, match="is full"):
                Servers(small / "embedded", **QUICK).ensure_running()
        finally:
            subprocess.run(["umount", "-l", small], check=True)

    def test_copes_with_folders_swept_away(self, servers, home):
        for name in ("run", "broker"):
            shutil.rmtree(home / name)

        with holding(home):
            assert query(servers.addresses(), "SELECT number FROM kept_from_before") == 42


class TestTheCommand:
    def test_tells_stops_and_removes(self, bare_home, servers):
        home = bare_home

        def run(action: str) -> str:
            return subprocess.check_output(
                [sys.executable, "-m", "embedded", action, "--home", home], cwd=REPOSITORY, text=True
            )

        assert "do not run" in run("status")
        assert not home.exists()
        with holding(home):
            assert f"PostgreSQL is process {servers.postgres_pid}" in run("status")
            assert "are stopped" in run("stop")
        assert are_gone(servers)
        assert "are removed" in run("remove")
        assert not home.exists()
