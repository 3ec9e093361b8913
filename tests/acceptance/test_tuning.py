"""
The seed's tuning settings do what it says of them, as variables of the environment and as Django settings.
"""

import os
import signal

import pytest

from pipeline.models import State, StepEvent, StepRun
from tests.acceptance.house import promise_extra_step
from tests.acceptance.plain import Desk

pytestmark = pytest.mark.acceptance

DAWDLE = "tests.acceptance.extra_menu.tasks.dawdle_task"
IN_DJANGO = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.seed_settings"}


@pytest.fixture
def desk(empty_house, tmp_path) -> Desk:
    return Desk.at(empty_house, tmp_path / "notes")


class TestMaxTasksPerChild:
    @pytest.mark.parametrize("told", [{"ISOLATED_CELERY_WORKER_MAX_TASKS_PER_CHILD": "2"}, IN_DJANGO])
    def test_replaces_a_process_after_so_many_tasks(self, desk, told):
        desk.start_worker("--queues=default", "--concurrency=1", **told)

        for n in range(3):
            desk.send("note", str(n))

        first, second, third = [note.process for note in desk.wait_for_notes(3)]
        assert first == second != third


class TestPrefetchMultiplier:
    @pytest.mark.parametrize(
        ("told", "held"),
        [({}, 0), ({"ISOLATED_CELERY_WORKER_PREFETCH_MULTIPLIER": "4"}, 3), (IN_DJANGO, 4)],
        ids=["our own", "environment", "Django"],
    )
    def test_is_what_a_process_holds_besides_its_work(self, desk, told, held):
        # Early acknowledgement, as in the Django settings, makes room for one more.
        desk.start_worker("--queues=default", "--concurrency=1", **told)
        desk.send("wait", "busy")
        desk.wait_for_notes(1)
        for n in range(10):
            desk.send("note", f"backlog {n}")

        desk.house.wait_for(lambda: len(desk.ask("reserved")) == held, lambda: f"{desk.ask('reserved')}")

        left = desk.house.waiting("default")
        desk.let_go("busy")
        assert left == 10 - held


class TestAcksLate:
    def test_keeps_a_task_that_is_under_way_until_it_is_done_and_hands_it_on_when_the_worker_is_gone(
        self, desk
    ):
        desk.start_worker("--queues=default", "--concurrency=1")
        desk.send("wait", "important")
        desk.wait_for_notes(1)

        desk.house.kill_worker()
        desk.house.let_an_hour_pass_at_the_broker()
        desk.let_go("important")
        desk.start_worker("--queues=default", "--concurrency=1")

        again = desk.wait_for_notes(2)[1]
        desk.house.wait_for(lambda: not desk.house.unacknowledged(), lambda: "never acknowledged")
        assert again.word == "important"

    @pytest.mark.parametrize("told", [{"ISOLATED_CELERY_TASK_ACKS_LATE": "0"}, IN_DJANGO])
    def test_switched_off_keeps_nothing_of_a_task_that_is_under_way(self, desk, told):
        desk.start_worker("--queues=default", "--concurrency=1", **told)

        desk.send("wait", "unimportant")
        desk.wait_for_notes(1)

        desk.house.wait_for(lambda: not desk.house.unacknowledged(), lambda: "kept after all")
        desk.let_go("unimportant")

    def test_has_a_task_retried_whose_process_alone_was_killed(self, desk):
        desk.start_worker("--queues=default", "--concurrency=1")
        desk.send("wait", "important")
        [first] = desk.wait_for_notes(1)

        os.kill(first.process, signal.SIGKILL)

        desk.house.wait_for(lambda: desk.ask("scheduled"), lambda: "not retried")
        [waiting] = desk.ask("scheduled")
        assert waiting["request"]["args"] == ["important"]


class TestTimeLimit:
    @pytest.mark.parametrize("told", [{"ISOLATED_CELERY_TASK_TIME_LIMIT": "2"}, IN_DJANGO])
    def test_interrupts_a_task_that_hangs_and_kills_one_that_will_not_stop(self, desk, told):
        desk.start_worker("--queues=default", "--concurrency=1", **told)

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


def states_by_order() -> dict[int, str]:
    return dict(StepRun.objects.values_list("order_id", "state"))
