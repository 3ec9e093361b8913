"""What a process may rely on."""

import os
import subprocess
import sys
import time

import kombu
import psycopg
import pytest
import redis

from embedded import Servers
from embedded.tests.world import (
    QUICK,
    REPOSITORY,
    Holder,
    are_gone,
    broker,
    eventually,
    holding,
    is_alive,
    query,
)


class TestServers:
    def test_have_addresses_before_anything_runs(self, servers, bare_home):
        home = bare_home
        addresses = servers.addresses()

        assert addresses == Servers(home).addresses()
        assert addresses.secret("stripe_webhook") == Servers(home).addresses().secret("stripe_webhook")
        assert addresses.postgres_password not in repr(addresses)
        assert are_gone(servers)

    def test_answer_to_those_who_know_the_passwords(self, servers, home):
        with holding(home):
            addresses = servers.addresses()

            assert query(addresses, "SHOW server_version").startswith("18")
            assert query(addresses, "SHOW listen_addresses") == ""
            with kombu.Connection(addresses.broker_url) as connection:
                assert connection.default_channel.client.ping()
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                query(addresses, "SELECT 1", password="guess")
            with pytest.raises(redis.AuthenticationError):
                broker(addresses, password="guess").ping()

    def test_keep_what_was_promised_when_durable(self, servers, home):
        with holding(home, durable=True):
            assert query(servers.addresses(), "SHOW fsync") == "on"
            assert broker(servers.addresses()).config_get("appendonly") == {"appendonly": "yes"}
            broker(servers.addresses()).set("kept", "yes")
            query(servers.addresses(), "CREATE TABLE kept AS SELECT 42 AS number")
        eventually(lambda: are_gone(servers))

        with holding(home, durable=True):
            assert query(servers.addresses(), "SELECT number FROM kept") == 42
            assert broker(servers.addresses()).get("kept") == "yes"

    def test_are_shared_by_two_processes(self, servers, home):
        with holding(home):
            first = servers.postgres_pid
            with holding(home):
                assert servers.postgres_pid == first

    def test_cost_next_to_nothing_the_second_time(self, home):
        count_calls = (
            "import sys, time; from embedded import Servers; servers = Servers(sys.argv[1], durable=False, "
            "grace_seconds=0.4); servers.ensure_running(); start = time.perf_counter(); "
            "[servers.ensure_running() for _ in range(1000)]; print(time.perf_counter() - start)"
        )

        said = subprocess.check_output([sys.executable, "-c", count_calls, home], cwd=REPOSITORY, text=True)

        assert float(said) < 1

    def test_do_not_hold_up_a_pipe(self, servers, home):
        command = "import sys; from embedded import Servers; Servers(sys.argv[1], durable=False, grace_seconds=2).ensure_running()"

        said = subprocess.run(
            [sys.executable, "-c", command, home], cwd=REPOSITORY, capture_output=True, check=True, timeout=20
        )

        assert said.stdout == said.stderr == b""
        assert servers.is_running()

    def test_start_once_for_six_who_come_at_the_same_moment(self, servers, bare_home):
        home = bare_home
        holders = [Holder(home) for _ in range(6)]

        assert [holder.says() for holder in holders] == ["ready"] * 6
        assert (home / "logs" / "keeper.log").read_text().count("keeper.ready") == 1
        for holder in holders:
            holder.let_go()

    def test_stop_on_request_even_when_held_and_start_again(self, servers, home):
        with holding(home):
            servers.stop()
            assert are_gone(servers)
            with holding(home):
                assert servers.is_running()

    def test_leave_nothing_when_removed(self, servers, home):
        with holding(home):
            servers.remove()

        assert list(home.parent.iterdir()) == []


class TestTheLastHolder:
    @pytest.mark.parametrize("leave", [Holder.let_go, Holder.kill], ids=["in order", "killed"])
    def test_takes_the_servers_along(self, servers, home, leave):
        first, last = Holder(home).is_ready(), Holder(home).is_ready()
        leave(first)
        stays_up_for(servers, seconds=1)

        leave(last)

        eventually(lambda: are_gone(servers))

    def test_may_be_a_forked_child_whose_parent_is_gone(self, servers, home):
        parent = os.fork()
        if parent == 0:
            Servers(home, **QUICK).ensure_running()
            child = os.fork()
            if child == 0:
                time.sleep(60)
            (home / "child").write_text(str(child))
            os._exit(0)
        os.waitpid(parent, 0)
        child = int((home / "child").read_text())

        stays_up_for(servers, seconds=1)
        os.kill(child, 9)

        eventually(lambda: are_gone(servers))

    def test_may_be_a_daemon_that_closed_every_descriptor(self, servers, home):
        daemon = os.fork()
        if daemon == 0:
            mine = Servers(home, **QUICK)
            mine.ensure_running()
            os.closerange(3, 200)
            mine.ensure_running()
            (home / "again").touch()
            time.sleep(60)
        eventually((home / "again").exists)

        stays_up_for(servers, seconds=1)
        os.kill(daemon, 9)
        os.waitpid(daemon, 0)

        eventually(lambda: are_gone(servers))

    def test_never_leaves_a_newcomer_with_dying_servers(self, servers, home):
        for _ in range(5):
            with holding(home, grace_seconds=0.02):
                assert query(servers.addresses(), "SELECT 1") == 1

    def test_need_not_be_long_lived_to_count(self, servers, home):
        with holding(home, grace_seconds=2):
            keeper = servers.keeper_pid
        for _ in range(6):
            with holding(home):
                assert servers.keeper_pid == keeper
        assert is_alive(keeper)


def stays_up_for(servers: Servers, *, seconds: float) -> None:
    """
    Not a pause before something expected: that nothing happens can only be seen by watching.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert servers.is_running()
        time.sleep(0.05)
