"""
The routes in Django's settings, as the seed writes them, decide where a task travels; the menu fills in the rest.
"""

import json
from urllib.request import urlopen

import pytest

from devtools.show.crew import any_free_port
from payments import tasks
from pipeline.models import State, StepRun
from pipeline.steps import Subject, menu
from tests.acceptance.house import House, answers, states
from tests.acceptance.plain import Desk

pytestmark = pytest.mark.acceptance

SEED_SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.seed_settings"}
EXTRA_STEPS = 3
# What seed_settings.py says, and what the menu says of a step that is not mentioned there.
LANES = {
    tasks.send_order_confirmation_email_task.name: ("emails", 8),
    tasks.record_payment_analytics_task.name: ("analytics", 3),
    tasks.process_loyalty_rewards_task.name: ("inventory", 1),
    tasks.sync_order_to_pos_task.name: ("pos_sync", 7),
}


class TestRoutesOfTheSettings:
    def test_decide_from_the_promise_to_the_worker_that_takes_the_message(self, empty_house, tmp_path):
        house, desk = empty_house, Desk.at(empty_house, tmp_path / "notes")
        [order] = house.orders(1)
        steps = len(menu.about(Subject.ORDER)) + EXTRA_STEPS

        house.start_web("web of the seed", **SEED_SETTINGS)
        house.pay([order])
        desk.start_worker("--queues=post_payment", "--concurrency=1", name="dispatcher", **SEED_SETTINGS)
        travelling: dict[str, tuple[str, int]] = {}

        def all_are_published() -> bool:
            travelling.update(messages_in(desk, "emails", "analytics", "inventory", "pos_sync"))
            return LANES.keys() <= travelling.keys()

        house.wait_for(all_are_published, lambda: str(travelling))
        # Nobody serves the menu's own lane of the loyalty step.
        served = "--queues=default,emails,pos_sync,analytics,inventory"
        desk.start_worker(served, "--concurrency=2", **SEED_SETTINGS)

        house.wait_until_at_rest([order], steps=steps)
        assert states([order.pk]) == {State.DONE: steps}
        assert {name: travelling[name] for name in LANES} == LANES
        promised = dict(StepRun.objects.values_list("step", "lane"))
        assert {name: promised[name] for name in LANES} == {name: lane for name, (lane, _) in LANES.items()}


class TestFlower:
    def test_tells_how_long_the_queues_are_priorities_and_all(self, empty_house: House, tmp_path):
        desk = Desk.at(empty_house, tmp_path / "notes")
        desk.start_worker("--queues=default,emails", "--concurrency=1")
        desk.send("wait", "busy")
        desk.wait_for_notes(1)
        for priority in (0, 3, 5, 9):
            desk.send("note", "backlog", priority=priority)
        port = any_free_port()
        flower = f"http://127.0.0.1:{port}"

        with empty_house.told(FLOWER_UNAUTHENTICATED_API="1"):
            empty_house.crew.start(
                "flower", "celery", "-A", "rms_backend", "flower", f"--port={port}", "--address=127.0.0.1"
            )

        def lengths() -> dict[str, int]:
            with urlopen(f"{flower}/api/queues/length", timeout=5) as answer:
                return {queue["name"]: queue["messages"] for queue in json.load(answer)["active_queues"]}

        empty_house.crew.wait_for("flower", lambda: answers(f"{flower}/healthcheck"))
        empty_house.wait_for(lambda: lengths() == {"default": 4, "emails": 0}, lambda: str(lengths()))
        desk.let_go("busy")


def messages_in(desk: Desk, *queues: str) -> dict[str, tuple[str, int]]:
    """
    By task: the queue and the priority of its message, which stays where it is.
    """
    found = {}
    with desk.app.connection_for_read() as connection:
        for name in queues:
            queue = desk.app.amqp.queues[name](connection.default_channel)
            messages = list(iter(queue.get, None))
            found |= {m.headers["task"]: (name, m.properties["priority"]) for m in messages}
            for message in messages:
                message.requeue()
    return found
