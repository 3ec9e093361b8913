"""
The seed's tuning settings do what it says of them, as variables of the environment and as Django settings.
"""

import os
import signal

import pytest

from pipeline.models import State, StepEvent, StepRun
from tests.acceptance.house import promise_extra_step
from tests.acceptance.looking_at_valkey import let_the_visibility_timeout_pass, unacknowledged_in, waiting_in
from tests.acceptance.plain import Desk

pytestmark = pytest.mark.acceptance

DAWDLE = "tests.acceptance.extra_menu.tasks.dawdle_task"
IN_DJANGO = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.seed_settings"}
ONE_PROCESS = ("--queues=default", "--concurrency=1")


@pytest.fixture
def desk(empty_house, tmp_path) -> Desk:
    return Desk.at(empty_house, tmp_path / "notes")


class TestMaxTasksPerChild:
    def test_replaces_a_process_after_so_many_tasks(self, desk):
        desk.start_worker(*ONE_PROCESS, ISOLATED_CELERY_WORKER_MAX_TASKS_PER_CHILD="2")

        for n in range(3):
            desk.send("note", str(n))

        first, second, third = [note.process for note in desk.wait_for_notes(3)]
        assert first == second != third

    def test_costs_no_waiting_for_celery_s_look_every_five_seconds(self, desk):
        tasks = 40
        desk.start_worker(*ONE_PROCESS, ISOLATED_CELERY_WORKER_MAX_TASKS_PER_CHILD="1")

        for n in range(tasks):
            desk.send("note", str(n))

        # In PATIENCE_SECONDS: with pauses of five seconds it would take twice as long, and without them a fraction.
        assert len({note.process for note in desk.wait_for_notes(tasks)}) == tasks


class TestPrefetchMultiplier:
    @pytest.mark.parametrize(
        ("told", "held"),
        [({}, 0), ({"ISOLATED_CELERY_WORKER_PREFETCH_MULTIPLIER": "4"}, 3)],
        ids=["ours", "4"],
    )
    def test_is_how_many_messages_a_process_holds_the_one_it_works_on_included(self, desk, told, held):
        desk.start_worker(*ONE_PROCESS, **told)
        desk.send("wait", "busy")
        desk.wait_for_notes(1)
        for n in range(10):
            desk.send("note", f"backlog {n}")

        desk.house.wait_for(lambda: len(desk.ask("reserved")) == held, lambda: f"{desk.ask('reserved')}")

        assert waiting_in(desk.house, "default") == 10 - held


class TestAcksLate:
    def test_keeps_a_task_that_is_under_way_until_it_is_done_and_hands_it_on_when_the_worker_is_gone(
        self, desk
    ):
        desk.start_worker(*ONE_PROCESS)
        desk.send("wait", "important")
        desk.wait_for_notes(1)

        desk.house.kill_worker()
        let_the_visibility_timeout_pass(desk.house)
        desk.let_go("important")
        desk.start_worker(*ONE_PROCESS)

        again = desk.wait_for_notes(2)[1]
        desk.house.wait_for(lambda: not unacknowledged_in(desk.house), lambda: "never acknowledged")
        assert again.word == "important"

    def test_switched_off_keeps_nothing_of_a_task_that_is_under_way(self, desk):
        desk.start_worker(*ONE_PROCESS, ISOLATED_CELERY_TASK_ACKS_LATE="0")

        desk.send("wait", "unimportant")
        desk.wait_for_notes(1)

        desk.house.wait_for(lambda: not unacknowledged_in(desk.house), lambda: "kept after all")

    def test_has_a_task_retried_whose_process_alone_was_killed(self, desk):
        desk.start_worker(*ONE_PROCESS)
        sent = desk.send("wait", "important")
        [first] = desk.wait_for_notes(1)

        os.kill(first.process, signal.SIGKILL)

        desk.house.wait_for(lambda: desk.ask("scheduled"), lambda: "not retried")
        [waiting] = desk.ask("scheduled")
        assert waiting["request"]["id"] == sent.id


class TestTimeLimit:
    def test_interrupts_a_task_that_hangs_and_kills_one_that_will_not_stop(self, desk):
        desk.start_worker(*ONE_PROCESS, ISOLATED_CELERY_TASK_TIME_LIMIT="2")

        desk.send("hang", "mild", stubborn=False)
        desk.send("hang", "stubborn", stubborn=True)
        desk.send("note", "next")

        notes = desk.wait_for_notes(5)
        assert [note.word for note in notes] == [
            "mild", "mild, interrupted", "stubborn", "stubborn, interrupted", "next",
        ]  # fmt: skip
        assert notes[1].process == notes[2].process != notes[4].process
        assert desk.house.crew.says("worker", "Soft time limit (1s) exceeded")
        assert desk.house.crew.says("worker", "Hard time limit (2s) exceeded")

    def test_loses_no_order_on_which_a_step_hangs(self, desk):
        house = desk.house
        [hanging, other] = orders = house.orders(2)
        promise_extra_step(orders, step=DAWDLE)
        told = {"ISOLATED_CELERY_TASK_TIME_LIMIT": "2", "ISOLATED_HANGING_ORDER": str(hanging.pk)}

        desk.start_worker("--queues=post_payment,default", "--concurrency=2", **told)
        # Both travel in one message. Interrupted, each gets its own turn, and there the first one is killed.
        house.wait_for(lambda: house.crew.says("worker", "Hard time limit"), lambda: "never killed")
        house.end_leases()

        at_rest = {hanging.pk: State.BURIED, other.pk: State.DONE}
        house.wait_for(lambda: states_by_order() == at_rest, lambda: str(states_by_order()))
        history = StepEvent.objects.filter(order_id=hanging.pk).order_by("id")
        assert list(history.values_list("what", flat=True)) == ["lease_lost", "failed", "buried"]
        assert "SoftTimeLimitExceeded" in StepRun.objects.get(order_id=hanging.pk).because


class TestDjangoSettings:
    def test_are_obeyed_where_they_stand_in_the_settings_as_the_seed_writes_them(self, desk):
        desk.start_worker(*ONE_PROCESS, **IN_DJANGO)
        desk.send("wait", "busy")
        desk.wait_for_notes(1)
        for n in range(4):
            desk.send("note", str(n))

        # Four in reserve besides the one under way, which has been acknowledged.
        desk.house.wait_for(lambda: len(desk.ask("reserved")) == 4, lambda: f"{desk.ask('reserved')}")
        assert unacknowledged_in(desk.house) == 4
        desk.let_go("busy")

        first, second, third, *_ = [note.process for note in desk.wait_for_notes(5)]
        assert first == second != third
        desk.send("hang", "mild", stubborn=False)
        desk.wait_for_notes(7)
        assert desk.words()[-1] == "mild, interrupted"


def states_by_order() -> dict[int, str]:
    return dict(StepRun.objects.values_list("order_id", "state"))
