"""
The till as a process of its own: starting, stopping, dying, and keeping its truth.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from devtools.till import TillClient, running_till
from devtools.till.opening import HomeInUseError, NotLoopbackError, Setup
from devtools.till.tests.caller import Caller

ROOT = Path(__file__).parents[3]
TOKEN = "process-token"
DEADLINE_SECONDS = 15


def start(home: Path, *more: str) -> subprocess.Popen[str]:
    """Start a till and wait for its one line."""
    command = [sys.executable, "-m", "devtools.till", "--home", str(home), "--token", TOKEN, *more]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("The till is open at http://127.0.0.1:")
    return process


@contextlib.contextmanager
def till_process(home: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Run a till, and make sure that it ends."""
    process = start(home, *more)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_SECONDS)


def address(home: Path) -> str:
    """Read where the till of a home is to be found."""
    return str(json.loads((home / "till.json").read_text())["url"])


class TestProcess:
    def test_announces_itself_and_ends_cleanly(self, tmp_path: Path) -> None:
        with till_process(tmp_path) as process:
            announced = json.loads((tmp_path / "till.json").read_text())
            assert TillClient(announced["url"]).counts().orders == 0

            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=DEADLINE_SECONDS)

        assert (announced["pid"], process.returncode, errors) == (process.pid, 0, "")
        assert not (tmp_path / "till.json").exists()

    def test_ends_cleanly_while_a_request_hangs(self, tmp_path: Path) -> None:
        with till_process(tmp_path) as process:
            TillClient(address(tmp_path)).break_down("hang")
            with pytest.raises(requests.ReadTimeout):
                Caller(address(tmp_path), TOKEN).post("/v2/orders", {}, timeout=0.1)

            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=DEADLINE_SECONDS)

        assert (process.returncode, errors) == (0, "")

    def test_comes_back_at_the_same_address_with_the_same_truth(self, tmp_path: Path) -> None:
        with till_process(tmp_path):
            first = address(tmp_path)
            order = Caller(first, TOKEN).order()

        with till_process(tmp_path):
            caller = Caller(address(tmp_path), TOKEN)

            assert address(tmp_path) == first
            assert caller.get(f"/v2/orders/{order['id']}").json()["order"] == order
            assert caller.order() == order
            assert TillClient(first).counts().orders == 1

    def test_takes_another_port_when_its_own_is_taken_meanwhile(self, tmp_path: Path) -> None:
        with till_process(tmp_path):
            first = address(tmp_path)
        with socket.create_server(("127.0.0.1", int(first.rpartition(":")[2]))), till_process(tmp_path):
            assert address(tmp_path) != first

    def test_keeps_every_order_it_answered_for_when_it_is_killed(self, tmp_path: Path) -> None:
        with till_process(tmp_path) as process, ThreadPoolExecutor(8) as crowd:
            url = address(tmp_path)
            answered = list(crowd.map(lambda turn: orders_until_dead(url, process, turn), range(8)))

        with till_process(tmp_path):
            held = {ticket.id for ticket in TillClient(address(tmp_path)).orders()}

        told = {order_id for ids in answered for order_id in ids}
        assert len(told) >= 20
        assert told <= held

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
    def test_opens_on_loopback_only(self, tmp_path: Path, host: str) -> None:
        command = [sys.executable, "-m", "devtools.till", "--home", str(tmp_path), "--host", host]

        ended = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
        )

        assert ended.returncode == 2
        assert "is not a loopback address" in ended.stderr
        assert not (tmp_path / "till.json").exists()

    def test_says_which_port_is_taken(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            command = [sys.executable, "-m", "devtools.till", "--home", str(tmp_path), "--port", port]

            ended = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
            )

        assert (ended.returncode, f"Port {port} is taken" in ended.stderr) == (2, True)

    def test_takes_the_locations_it_is_given(self, tmp_path: Path) -> None:
        with till_process(tmp_path, "--location", "LTOKYO=JPY", "--location", "LKUWAIT=KWD"):
            answer = Caller(address(tmp_path), TOKEN).get("/v2/locations")

        currencies = {place["id"]: place["currency"] for place in answer.json()["locations"]}
        assert currencies == {"LTOKYO": "JPY", "LKUWAIT": "KWD"}


class TestRunningTill:
    def test_keeps_its_truth_from_one_block_to_the_next(self, tmp_path: Path) -> None:
        with running_till(home=tmp_path) as till:
            order = Caller(till.url, till.token).order()
            first = till.url

        with running_till(home=tmp_path) as till:
            assert [ticket.id for ticket in till.orders()] == [order["id"]]
            assert till.url == first

    def test_ends_although_a_slow_request_is_under_way(self, tmp_path: Path) -> None:
        with running_till(home=tmp_path) as till:
            till.break_down("slow", seconds=600)
            with pytest.raises(requests.ReadTimeout):
                Caller(till.url, till.token).post("/v2/orders", {}, timeout=0.1)

        assert not (tmp_path / "till.json").exists()

    def test_is_the_only_one_in_its_home(self, tmp_path: Path) -> None:
        with running_till(home=tmp_path), pytest.raises(HomeInUseError), running_till(home=tmp_path):
            pass

    def test_cannot_be_set_up_for_the_world(self, tmp_path: Path) -> None:
        with pytest.raises(NotLoopbackError):
            Setup(home=tmp_path, host="0.0.0.0")


def orders_until_dead(url: str, process: subprocess.Popen[str], turn: int) -> list[str]:
    """Send orders one after the other, kill the till in the midst, and give the ids that were answered."""
    caller = Caller(url, TOKEN)
    ids: list[str] = []
    with contextlib.suppress(requests.RequestException):
        while True:
            ids.append(caller.order(key=f"{turn}-{len(ids)}")["id"])
            if turn == 0 and len(ids) == 20:
                os.kill(process.pid, signal.SIGKILL)
    return ids
