"""
`manage.py start_celery_workers`: what dies is started again, and everything stops as it was asked to.
"""

import os
import re
import signal

import pytest

from devtools.till import Mode
from pipeline.models import State, StepRun
from tests.acceptance.house import House
from tests.acceptance.supervised import WORKERS, Supervise, Supervised

pytestmark = pytest.mark.acceptance


class TestChildThatIsKilled:
    def test_is_started_again_and_the_work_goes_on(self, empty_house, supervise):
        supervised = supervise()
        supervised.wait_until_ready(WORKERS)
        killed = supervised.pid_of("dispatcher")

        os.kill(killed, signal.SIGKILL)
        supervised.wait_until_ready(WORKERS, times=2)
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
        supervise().wait_until_ready(WORKERS)
        empty_house.wait_until_at_rest(orders)
        empty_house.assert_each_step_happened_once(orders)

    def test_is_immediate_too_when_both_signals_come_at_once(self, empty_house, supervise):
        supervised = supervise("--queues=emails", "--workers=2")
        supervised.wait_until_ready(2)

        supervised.signal(signal.SIGINT)
        supervised.signal(signal.SIGTERM)

        assert supervised.ends() in (128 + signal.SIGINT, 128 + signal.SIGTERM)
        assert "restarting" not in supervised.said
        assert supervised.processes() == set()


class TestSupervisorThatIsKilled:
    def test_leaves_no_process_behind_and_nothing_half_done(self, empty_house, supervise):
        supervised, orders = at_a_till_that(empty_house, supervise, Mode.SLOW, seconds=3)

        supervised.signal(signal.SIGKILL)
        supervised.ends()
        supervised.wait_until_nothing_is_left()

        assert StepRun.objects.get(lane="pos_sync").state == State.DONE
        assert not StepRun.objects.filter(state=State.RUNNING).exists()
        assert len(orders) == 1


def at_a_till_that(house: House, supervise: Supervise, mode: Mode, **how) -> tuple[Supervised, list]:
    """
    A supervisor one of whose workers is at a till that keeps it waiting; everything else is done.
    """
    house.till.break_down(mode, **how)
    supervised = supervise()
    supervised.wait_until_ready(WORKERS)
    orders = house.orders(1)
    house.pay(orders)
    house.wait_until_at_rest(orders, steps=5)
    house.wait_for(
        lambda: StepRun.objects.filter(lane="pos_sync", sending_at__isnull=False).exists(),
        lambda: "never at the till",
    )
    return supervised, orders


def database_without_tables(house: House) -> str:
    """
    A database that somebody configured and nobody migrated.
    """
    at = house.addresses
    where = f"host={at.postgres_host}&port={at.postgres_port}"
    return f"postgres://{at.postgres_user}:{at.postgres_password}@/postgres?{where}"
