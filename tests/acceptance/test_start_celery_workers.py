"""
`manage.py start_celery_workers`, as a developer and as a process manager use it, with real processes.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from devtools.till import Mode
from embedded import Servers
from pipeline.models import AT_REST, State, StepEvent, StepRun
from tests.acceptance.house import House, path_of_home
from tests.acceptance.supervised import Supervised, inherited
from tests.isolation import ROOT

pytestmark = pytest.mark.acceptance

Supervise = Callable[..., Supervised]


@pytest.fixture
def supervise(empty_house: House, tmp_path) -> Iterator[Supervise]:
    """
    Starts supervisors in the house, and leaves nothing of them behind.
    """
    started: list[Supervised] = []

    def supervise(*options: str, terminal: int | None = None, **environment: str) -> Supervised:
        told = {**empty_house.crew.environment, **environment}
        log = tmp_path / f"supervisor-{len(started)}.log"
        started.append(Supervised(*options, environment=told, log=log, terminal=terminal))
        return started[-1]

    yield supervise
    for one in started:
        one.sweep_up()


class TestWithoutOptions:
    def test_does_all_that_an_order_needs_and_stops_without_a_trace(self, empty_house, supervise):
        supervised = supervise()
        supervised.wait_until_ready(4)
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
        supervised.wait_until_ready(4)
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
        first.wait_until_ready(4)
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
        second.wait_until_ready(4)

        empty_house.wait_until_at_rest(orders)
        assert (status, running_after_the_stop) == (0, 0)
        empty_house.assert_each_step_happened_once(orders)
        assert not StepEvent.objects.filter(what=StepEvent.What.LEASE_LOST).exists()

    def test_keeps_letters_and_counting_going_while_the_till_hangs(self, empty_house, supervise):
        empty_house.till.break_down(Mode.HANG)
        supervised = supervise()
        supervised.wait_until_ready(4)
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
        supervised.wait_until_ready(6)

        url = re.search(r"flower \(pid \d+; (http://\S+)\): ready", supervised.said)[1]
        answer = status_of(url)
        supervised.signal(signal.SIGTERM)

        assert answer in (200, 401)  # 401 where Flower wants a login
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
        assert ports[1] > ports[0]


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
        supervised.wait_until_ready(4)
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


class TestChildThatIsKilled:
    def test_is_started_again_and_the_work_goes_on(self, empty_house, supervise):
        supervised = supervise()
        supervised.wait_until_ready(4)
        killed = supervised.pid_of("dispatcher")

        os.kill(killed, signal.SIGKILL)
        supervised.wait_until_ready(4, times=2)
        orders = empty_house.orders(5)
        empty_house.pay(orders)

        empty_house.wait_until_at_rest(orders)
        assert (
            f"dispatcher (queues post_payment): restarting in 1 s after SIGKILL of pid {killed} (1st time)"
            in supervised.status_lines
        )
        assert supervised.pid_of("dispatcher") != killed
        empty_house.assert_each_step_happened_once(orders)


class TestChildThatCannotStart:
    def test_is_given_up_with_its_complaint_and_the_healthy_ones_stop_in_peace(self, empty_house, supervise):
        supervised = supervise(
            "--queues=emails", "--beat", ISOLATED_DATABASE_URL=database_without_tables(empty_house)
        )

        assert supervised.ends() == 1
        assert supervised.processes() == set()
        pauses = re.findall(
            r"emails \(queues emails\): restarting in (\d+) s after exit status 1 of pid \d+ \((\w+) time\)",
            supervised.said,
        )
        assert pauses == [("1", "1st"), ("2", "2nd"), ("4", "3rd"), ("8", "4th")]
        ending = supervised.said[supervised.said.index("given up after 5 quick deaths") :]
        assert "emails cannot be helped. The last it said:" in ending
        assert re.search(
            r"emails +\| - The database lacks \d+ migrations\. Run `python manage\.py migrate`\.", ending
        )
        assert "beat: stopped" in supervised.status_lines
        assert supervised.status_lines[-1] == "Gave up."

    def test_is_not_even_tried_where_the_supervisor_sees_the_mistake_itself(self, supervise):
        supervised = supervise(ISOLATED_CELERY_TASK_TIME_LIMIT="abc")

        assert supervised.ends() == 1
        assert "CELERY_TASK_TIME_LIMIT is 'abc'. Write a whole number" in supervised.said.splitlines()[-1]
        assert supervised.status_lines == []


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_is_the_same_for_each_signal_that_asks_for_it(self, supervise, number):
        supervised = supervise("--queues=emails", "--loglevel=error", ISOLATED_LOG_LEVEL="ERROR")
        supervised.wait_until_it_says("The process is ready.")

        supervised.signal(number)

        assert supervised.ends() == 0
        assert " ready." not in supervised.said.replace("is ready.", "")  # no word of Celery's tells it
        assert supervised.processes() == set()

    def test_by_ctrl_c_in_a_terminal_reaches_the_workers_through_the_supervisor_only(self, supervise):
        ours, theirs = os.openpty()
        supervised = supervise("--queues=emails", terminal=theirs)
        supervised.wait_until_it_says("The process is ready.")

        os.write(ours, b"\x03")

        assert supervised.ends() == 0
        assert "SIGINT: stopping." in supervised.said
        assert "Warm shutdown" in supervised.said
        assert "Ctrl+C" not in supervised.said
        os.close(ours)
        os.close(theirs)

    def test_waits_for_what_is_at_work_and_says_so(self, empty_house, supervise):
        supervised, orders = at_a_till_that(empty_house, supervise, Mode.SLOW, seconds=4)

        supervised.signal(signal.SIGTERM)

        assert supervised.ends() == 0
        assert StepRun.objects.get(lane="pos_sync").state == State.DONE
        assert [ticket.reference_id for ticket in empty_house.till.orders()].count(
            str(orders[0].public_id)
        ) == 1

    def test_is_immediate_at_the_second_signal_and_the_work_is_taken_up_again(self, empty_house, supervise):
        supervised, orders = at_a_till_that(empty_house, supervise, Mode.HANG)
        supervised.signal(signal.SIGTERM)
        supervised.wait_until_it_says(": stopped", times=3)
        waiting = "pos_sync (queues pos_sync): stopped" not in supervised.status_lines

        supervised.signal(signal.SIGTERM)

        assert supervised.ends() == 128 + signal.SIGTERM
        assert waiting
        assert supervised.processes() == set()
        assert "pos_sync (queues pos_sync): stopped (SIGKILL)" in supervised.status_lines
        empty_house.till.mend()
        empty_house.end_leases()
        supervise().wait_until_ready(4)
        empty_house.wait_until_at_rest(orders)
        empty_house.assert_each_step_happened_once(orders)


class TestSupervisorThatIsKilled:
    def test_leaves_no_process_behind_and_nothing_half_done(self, empty_house, supervise):
        supervised, orders = at_a_till_that(empty_house, supervise, Mode.SLOW, seconds=3)

        supervised.signal(signal.SIGKILL)
        supervised.ends()
        supervised.wait_until_nothing_is_left()

        assert StepRun.objects.get(lane="pos_sync").state == State.DONE
        assert not StepRun.objects.filter(state=State.RUNNING).exists()
        assert len(orders) == 1


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
            supervised.wait_until_ready(5)
            supervised.wait_until(Servers(home).is_running)
            supervised.signal(signal.SIGTERM)
            status = supervised.ends()
        finally:
            supervised.process.kill()
            supervised.ends()
            Servers(home).remove()

        assert status == 0
        assert "Traceback" not in supervised.said


def at_a_till_that(house: House, supervise: Supervise, mode: Mode, **how) -> tuple[Supervised, list]:
    """
    A supervisor one of whose workers is at a till that keeps it waiting; everything else is done.
    """
    house.till.break_down(mode, **how)
    supervised = supervise()
    supervised.wait_until_ready(4)
    orders = house.orders(1)
    house.pay(orders)
    house.wait_until_at_rest(orders, steps=5)
    house.wait_for(
        lambda: StepRun.objects.filter(lane="pos_sync", sending_at__isnull=False).exists(),
        lambda: "never at the till",
    )
    return supervised, orders


def consumed(house: House) -> dict[str, set[str]]:
    """
    What `celery inspect active_queues` tells: which node consumes which queues.
    """
    command = "celery -A rms_backend inspect active_queues --json --timeout 3"
    told = subprocess.run(
        [sys.executable, "-m", *command.split()],
        env={**inherited(), **house.crew.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return {node: {queue["name"] for queue in queues} for node, queues in json.loads(told.stdout).items()}


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


def database_without_tables(house: House) -> str:
    """
    A database that somebody configured and nobody migrated.
    """
    at = house.addresses
    where = f"host={at.postgres_host}&port={at.postgres_port}"
    return f"postgres://{at.postgres_user}:{at.postgres_password}@/postgres?{where}"
