"""
Flower: what it shows, as it happens.
"""

import ast
from pathlib import Path

import pytest

from pipeline.queues import Queue
from pipeline.steps import Subject, menu
from tests.acceptance.flower.process import FlowerProcess
from tests.acceptance.flower.talkative import tasks

pytestmark = pytest.mark.acceptance

AT_WORK = RESERVED = 4  # of a worker with four processes and a prefetch multiplier of 2


class TestFlower:
    def test_shows_the_workers_and_their_queues(self, flower: FlowerProcess):
        def is_online() -> bool:
            return [row["status"] for row in flower.json("/workers?json=1")["data"]] == [True]

        flower.wait_for(is_online)

        [worker] = flower.json("/api/workers?refresh=1").values()
        [row] = flower.json("/workers?json=1")["data"]

        assert {queue["name"] for queue in worker["active_queues"]} == {queue.value for queue in Queue}
        assert row["hostname"].startswith("talker@")

    def test_shows_how_long_the_queues_are(self, flower: FlowerProcess, door: Path):
        for _ in range(AT_WORK + RESERVED + 3):  # the rest waits
            flower.send(tasks.linger_task, str(door))

        flower.wait_for(lambda: lengths(flower)["default"] >= 3)
        assert set(lengths(flower)) == {queue.value for queue in Queue}

    def test_shows_each_task_with_its_orders_as_it_happens(self, flower: FlowerProcess):
        orders = flower.house.orders(3)
        flower.house.pay(orders)
        flower.house.wait_until_at_rest(orders)

        wanted = {(step.name, order.pk) for step in menu.about(Subject.ORDER) for order in orders}
        flower.wait_for(lambda: wanted <= orders_seen(flower))

    def test_finds_an_order_in_a_message_of_a_hundred(self, flower: FlowerProcess):
        sent = flower.send(tasks.repeat_task, list(range(71_000, 71_100)))

        flower.wait_for(lambda: flower.state_of(sent) == "SUCCESS")

        assert [task["uuid"] for task in flower.found("args:71042")] == [sent]
        assert flower.found("args:71100") == []

    def test_shows_why_a_task_failed(self, flower: FlowerProcess):
        sent = flower.send(tasks.complain_task, 7)

        flower.wait_for(lambda: flower.state_of(sent) == "FAILURE")

        task = flower.tasks()[sent]
        assert task["exception"] == "ValueError('Unable to reach (7,) {}.')"
        assert "in complain_task" in task["traceback"]
        assert "in complain_task" in flower.page(f"/task/{sent}")

    def test_does_not_show_the_tick(self, flower: FlowerProcess):
        flower.send(tasks.repeat_task, 7)
        flower.wait_for(lambda: len(flower.tasks()) > 0)

        assert menu.dispatcher not in {task["name"] for task in flower.tasks().values()}


def lengths(flower: FlowerProcess) -> dict[str, int]:
    return {queue["name"]: queue["messages"] for queue in flower.json("/api/queues/length")["active_queues"]}


def orders_seen(flower: FlowerProcess) -> set[tuple[str, int]]:
    """
    Which step was carried out for which order, read from the arguments that Flower shows.
    """
    done = [task for task in flower.tasks().values() if task["name"] in menu and task["state"] == "SUCCESS"]
    told = [(task["name"], ast.literal_eval(task["args"])[0]) for task in done]
    return {(name, order) for name, ids in told for order in (ids if isinstance(ids, list) else [ids])}
