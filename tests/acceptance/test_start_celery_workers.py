"""
`manage.py start_celery_workers`: what runs, for which options, with real processes.
"""

import os
import re
import shlex
import signal
import urllib.error
import urllib.request
from functools import partial

import pytest

from devtools.till import Mode
from embedded import Servers
from pipeline.models import AT_REST, State, StepEvent, StepRun
from tests.acceptance.house import path_of_home
from tests.acceptance.supervised import WORKERS, Supervised, consumed
from tests.isolation import ROOT

pytestmark = pytest.mark.acceptance


class TestWithoutOptions:
    def test_does_all_that_an_order_needs_and_stops_without_a_trace(self, empty_house, supervise):
        supervised = supervise()
        supervised.wait_until_ready(WORKERS)
        orders = empty_house.orders(20)

        heard = empty_house.pay(orders)
        empty_house.wait_until_at_rest(orders)
        supervised.signal(signal.SIGTERM)

        assert set(heard) == {200}
        assert supervised.ends() == 0
        assert supervised.processes() == set()
        empty_house.assert_each_step_happened_once(orders)

    def test_says_one_line_for_each_change_of_each_process(self, supervise):
        supervised = supervise()
        supervised.wait_until_ready(WORKERS)
        supervised.signal(signal.SIGTERM)
        supervised.ends()

        of_the_dispatcher = [line for line in supervised.status_lines if line.startswith("dispatcher")]
        pid = re.search(r"pid (\d+)", of_the_dispatcher[0])[1]
        assert of_the_dispatcher == [
            f"dispatcher (pid {pid}; queues post_payment): starting",
            f"dispatcher (pid {pid}; queues post_payment): ready",
            f"dispatcher (pid {pid}; queues post_payment): stopping",
            "dispatcher (queues post_payment): stopped",
        ]
        assert supervised.status_lines[-1] == "Everything has stopped."

    def test_loses_nothing_when_it_is_stopped_in_the_middle_of_its_work(self, empty_house, supervise):
        empty_house.till.break_down(Mode.SLOW, seconds=2)
        first = supervise()
        first.wait_until_ready(WORKERS)
        orders = empty_house.orders(30)
        empty_house.pay(orders)
        empty_house.wait_for(
            lambda: StepRun.objects.filter(state=State.RUNNING, lane="pos_sync").exists(),
            lambda: "never at work",
        )

        first.signal(signal.SIGTERM)
        status = first.ends()
        running_after_the_stop = StepRun.objects.filter(state=State.RUNNING).count()
        empty_house.till.mend()
        second = supervise()
        second.wait_until_ready(WORKERS)

        empty_house.wait_until_at_rest(orders)
        assert (status, running_after_the_stop) == (0, 0)
        empty_house.assert_each_step_happened_once(orders)
        assert not StepEvent.objects.filter(what=StepEvent.What.LEASE_LOST).exists()

    def test_keeps_letters_and_counting_going_while_the_till_hangs(self, empty_house, supervise):
        empty_house.till.break_down(Mode.HANG)
        supervised = supervise()
        supervised.wait_until_ready(WORKERS)
        orders = empty_house.orders(40)

        empty_house.pay(orders)

        empty_house.wait_until_at_rest(orders, steps=5)
        at_the_till = StepRun.objects.filter(lane="pos_sync")
        assert at_the_till.count() == 40
        assert not at_the_till.filter(state__in=AT_REST).exists()
        ours = {str(order.public_id) for order in orders}
        struck = {visit.fault for visit in empty_house.till.requests() if visit.reference_id in ours}
        assert struck == {"hang"}


class TestBeatAndFlower:
    def test_run_beside_the_workers(self, supervise):
        supervised = supervise("--beat", "--flower")
        supervised.wait_until_ready(WORKERS + 2)

        url = re.search(r"flower \(pid \d+; (http://\S+)\): ready", supervised.said)[1]
        answer = status_of(url)
        supervised.signal(signal.SIGTERM)

        assert answer == 200
        assert re.search(r"beat \(pid \d+\): ready", supervised.said)
        assert supervised.ends() == 0
        assert supervised.processes() == set()

    def test_give_way_where_the_port_is_taken(self, supervise):
        first = supervise("--queues=emails", "--flower")
        first.wait_until_ready(2)

        second = supervise("--queues=emails", "--flower")
        second.wait_until_ready(2)

        ports = [
            int(re.search(r"flower\S* \(pid \d+; http://127.0.0.1:(\d+)\): ready", one.said)[1])
            for one in (first, second)
        ]
        assert ports[1] != ports[0]


class TestTwoWorkersForTwoQueues:
    def test_are_exactly_two_nodes_that_consume_exactly_these_two(self, empty_house, supervise):
        supervised = supervise("--workers", "2", "--queues", "emails,pos_sync")
        supervised.wait_until_ready(2)

        found = consumed(empty_house)

        assert {node.split("@")[0]: queues for node, queues in found.items()} == {
            "worker-1": {"emails", "pos_sync"},
            "worker-2": {"emails", "pos_sync"},
        }
        assert (
            "No dispatcher runs here: somewhere else a worker must consume post_payment."
            in supervised.status_lines
        )


class TestOtherPools:
    @pytest.mark.parametrize("pool", ["threads", "solo"])
    def test_do_all_that_an_order_needs_too(self, empty_house, supervise, pool):
        supervised = supervise("--pool", pool)
        supervised.wait_until_ready(WORKERS)
        orders = empty_house.orders(10)

        empty_house.pay(orders)
        empty_house.wait_until_at_rest(orders)
        supervised.signal(signal.SIGTERM)

        assert supervised.ends() == 0
        empty_house.assert_each_step_happened_once(orders)


class TestSecondSupervisor:
    def test_takes_other_names_and_says_so(self, empty_house, supervise):
        first = supervise("--queues", "emails")
        first.wait_until_it_says("The process is ready.")

        second = supervise("--queues", "emails")
        second.wait_until_it_says("The process is ready.")

        assert {node.split("@")[0] for node in consumed(empty_house)} == {"emails", "emails-2"}
        assert (
            "Another start_celery_workers runs here and has that name: ours is emails-2."
            in second.status_lines
        )


class TestBrokerThatIsAway:
    def test_is_waited_for(self, empty_house, supervise):
        empty_house.servers.hold("broker")
        try:
            supervised = supervise("--queues=emails")
            supervised.wait_until_it_says("Cannot connect to redis")
            before = supervised.status_lines[-1]
        finally:
            empty_house.servers.release("broker")

        supervised.wait_until_it_says("The process is ready.")
        assert before.endswith(": starting")


class TestDryRun:
    def test_prints_command_lines_that_work_and_starts_nothing(self, empty_house, supervise):
        supervised = supervise("--queues=emails", "--dry-run")
        assert supervised.ends() == 0
        [line] = supervised.said.splitlines()
        started = supervised.processes()

        empty_house.crew.start("by_hand", *shlex.split(line)[2:])
        empty_house.crew.wait_for("by_hand", partial(empty_house.crew.says, "by_hand", "ready."))
        nodes = {node.split("@")[0] for node in consumed(empty_house)}
        empty_house.kill_worker("by_hand")

        assert started == set()
        assert nodes == {"emails"}


class TestWithNothingSet:
    def test_the_workers_start_the_embedded_servers_themselves(self, tmp_path):
        home = path_of_home(ROOT / "var").with_name(f"nothing-set-{os.getpid()}")
        environment = {"RMS_ISOLATED": "1", "ISOLATED_EMBEDDED_HOME": str(home)}
        supervised = Supervised("--beat", environment=environment, log=tmp_path / "log")
        try:
            supervised.wait_until_ready(WORKERS + 1)
            supervised.wait_until(Servers(home).is_running)
            supervised.signal(signal.SIGTERM)
            status = supervised.ends()
        finally:
            supervised.process.kill()
            supervised.ends()
            Servers(home).remove()

        assert status == 0
        assert "Traceback" not in supervised.said


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code
