"""What the keeper does with its servers and companions."""

import os
import shutil
import signal
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from embedded import EmbeddedServersFailed, Servers
from embedded.tests.world import Holder, are_gone, broker, eventually, holding, is_alive, processes_of, query

WAIT = "import sys, time; open(sys.argv[1] + '/greeting', 'a').write('hello '); time.sleep(60)"
HOLD = "import sys, time; from embedded import Servers; Servers(sys.argv[1]).ensure_running(); print('up', flush=True); time.sleep(60)"


class TestTheKeeper:
    @pytest.mark.parametrize("name", ["postgres", "broker"])
    def test_starts_a_killed_server_again_with_its_data(self, servers, home, name):
        with holding(home, durable=True):
            query(servers.addresses(), "CREATE TABLE kept AS SELECT 42 AS number")
            killed = getattr(servers, f"{name}_pid")

            os.kill(killed, signal.SIGKILL)

            eventually(lambda: runs_again(servers, name, killed))
            assert query(servers.addresses(), "SELECT number FROM kept") == 42

    def test_keeps_a_server_down_while_it_is_held(self, servers, home):
        with holding(home) as holder:
            servers.hold("broker")

            assert servers.is_running()
            with pytest.raises(EmbeddedServersFailed, match="release"):
                _ = servers.broker_pid
            with pytest.raises(redis.ConnectionError):
                broker(servers.addresses()).ping()

            servers.release("broker")
            assert broker(servers.addresses()).ping()
            assert holder.process.poll() is None

    def test_holds_postgres_too(self, servers, home):
        with holding(home):
            servers.hold("postgres")
            with pytest.raises(psycopg.OperationalError):
                query(servers.addresses(), "SELECT 1")
            servers.release("postgres")
            assert query(servers.addresses(), "SELECT 1") == 1

    def test_forgets_a_hold_that_nobody_released(self, servers, home):
        with holding(home):
            servers.hold("broker")
        eventually(lambda: are_gone(servers))

        with holding(home):
            assert is_alive(servers.broker_pid)

    def test_takes_its_servers_along_when_killed(self, servers, home):
        with holding(home, companions={"waiter": [sys.executable, "-c", WAIT, "{home}"]}):
            query(servers.addresses(), "CREATE TABLE kept AS SELECT 42 AS number")
            eventually((home / "greeting").exists)
            os.kill(servers.keeper_pid, signal.SIGKILL)

            eventually(lambda: are_gone(servers))

    def test_has_a_successor_that_clears_up_after_it(self, servers, home):
        with holding(home, durable=True):
            query(servers.addresses(), "CREATE TABLE kept AS SELECT 42 AS number")
            postgres, broker = servers.postgres_pid, servers.broker_pid
            os.kill(postgres, signal.SIGSTOP)  # a server that does not notice its keeper's end
            os.kill(broker, signal.SIGSTOP)
            os.kill(servers.keeper_pid, signal.SIGKILL)
            next_holder = Holder(home)
            eventually(
                lambda: (
                    "keeper.started" in (home / "logs" / "keeper.log").read_text().split("keeper.ready")[-1]
                )
            )
            os.kill(postgres, signal.SIGCONT)
            os.kill(broker, signal.SIGCONT)

            next_holder.is_ready()
            assert query(servers.addresses(), "SELECT number FROM kept") == 42
            assert not is_alive(postgres)
            assert not is_alive(broker)
            next_holder.let_go()

    def test_ends_when_its_home_is_deleted(self, place, servers, home):
        with holding(home):
            delete(home)
            eventually(lambda: not [line for line in processes_of(place) if "holder" not in line])

    def test_is_not_in_the_way_of_a_new_home_at_the_same_path(self, servers, home):
        with holding(home):
            old = servers.keeper_pid
            delete(home)
            with holding(home):
                eventually(lambda: not is_alive(old))
                assert query(servers.addresses(), "SELECT 1") == 1
                assert broker(servers.addresses()).ping()

    def test_stands_in_no_folder_of_the_checkout(self, servers, home):
        with holding(home):
            assert Path(f"/proc/{servers.keeper_pid}/cwd").readlink() == Path("/")


def runs_again(servers: Servers, name: str, killed: int) -> bool:
    try:
        return bool(getattr(servers, f"{name}_pid") != killed)
    except EmbeddedServersFailed:  # the keeper is at it
        return False


def delete(home: Path) -> None:
    """
    Like `rm -rf`, again while dying servers still write something into it.
    """

    def is_deleted() -> bool:
        shutil.rmtree(home, ignore_errors=True)
        return not home.exists()

    eventually(is_deleted)


class TestACompanion:
    def test_runs_beside_the_servers_and_comes_back_when_it_dies(self, servers, home):
        with holding(home, companions={"waiter": [sys.executable, "-c", WAIT, "{home}"]}):
            eventually(lambda: (home / "greeting").exists() and (home / "greeting").read_text() == "hello ")
            waiter = next(
                line for line in processes_of(home) if "greeting" in line and "embedded." not in line
            )

            os.kill(int(waiter.split(":")[0]), signal.SIGKILL)

            eventually(lambda: (home / "greeting").read_text() == "hello hello ")
        eventually(lambda: are_gone(servers))

    def test_that_cannot_start_harms_nobody(self, servers, home):
        with holding(home, companions={"ghost": ["/nowhere/ghost"]}):
            assert query(servers.addresses(), "SELECT 1") == 1

    def test_uses_the_servers_without_holding_them(self, servers, home):
        with holding(home, companions={"guest": [sys.executable, "-c", HOLD, "{home}"]}):
            eventually(lambda: "up" in (home / "logs" / "guest.log").read_text())

        eventually(lambda: are_gone(servers))
