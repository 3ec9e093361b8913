"""
A higher number is sooner, on Valkey and on RabbitMQ: with messages in a real broker and real workers that take them.
"""

import random
from collections.abc import Iterator

import pytest

from tests.acceptance.house import PATIENCE_SECONDS
from tests.acceptance.plain import Desk, application
from tests.acceptance.rabbitmq import is_installed, running_rabbitmq

pytestmark = pytest.mark.acceptance

MIDDLE = 5


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory):
    """
    The address of a RabbitMQ, where it is installed.
    """
    if not is_installed():
        pytest.skip(
            "RabbitMQ is not installed (Debian: apt-get install --no-install-recommends rabbitmq-server)"
        )
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as url:
        yield url


@pytest.fixture(params=["valkey", "rabbitmq"])
def desk(request, empty_house, tmp_path) -> Iterator[Desk]:
    if request.param == "valkey":
        desk = Desk.at(empty_house, tmp_path / "notes")
    else:
        url = request.getfixturevalue("rabbitmq")
        desk = Desk.at(empty_house, tmp_path / "notes", broker_url=url, backend="rpc://")
    yield desk
    # A message that is acknowledged cannot come back in the next test.
    empty_house.wait_for(lambda: not desk.ask("active"), lambda: f"{desk.ask('active')}")


class TestWorker:
    def test_serves_nine_first_zero_last_none_in_the_middle_and_equals_in_their_order(self, desk):
        shuffled = [*range(10), None] * 3
        random.Random(7).shuffle(shuffled)
        for n, priority in enumerate(shuffled):
            desk.send("note", str(n), priority=priority)

        desk.start_worker("--queues=default", "--concurrency=1")

        served = [(note.priority, int(note.word)) for note in desk.wait_for_notes(len(shuffled))]
        meant = [(MIDDLE if priority is None else priority, n) for n, priority in enumerate(shuffled)]
        assert served == sorted(meant, key=lambda message: (-message[0], message[1]))

    def test_keeps_the_priority_of_a_task_that_it_retries_at_once_or_later(self, desk):
        for n in range(3):
            desk.send("note", f"meanwhile {n}", priority=6)
        desk.send("come_back", "urgent", times=3, after=0, priority=8)
        desk.send("come_back", "unhurried", times=2, after=0.2, priority=2)

        desk.start_worker("--queues=default", "--concurrency=1")

        served = [(note.word, note.priority, note.retries) for note in desk.wait_for_notes(10)]
        assert served[:4] == [("urgent", 8, n) for n in range(4)]
        assert [found for found in served if found[0] == "unhurried"] == [
            ("unhurried", 2, n) for n in range(3)
        ]

    @pytest.mark.parametrize("processes", [1, 2])
    def test_takes_a_late_urgent_message_before_the_backlog(self, desk, processes):
        desk.start_worker("--queues=default", f"--concurrency={processes}")
        for n in range(processes):
            desk.send("wait", f"busy {n}", priority=3)
        desk.wait_for_notes(processes)
        for n in range(8):
            desk.send("note", f"backlog {n}", priority=3)
        desk.send("note", "urgent", priority=8)

        desk.let_go("busy 0")

        first_free = desk.wait_for_notes(processes + 9)[processes]
        desk.let_go("busy 1")
        assert first_free.word == "urgent"


class TestRabbitMQ:
    def test_carries_an_order_from_its_payment_to_its_six_follow_ups_and_the_answers_of_tasks(
        self, empty_house, rabbitmq
    ):
        house, told = empty_house, {"ISOLATED_CELERY_BROKER_URL": rabbitmq}
        [order] = house.orders(1)
        house.start_web("web on RabbitMQ", **told)
        house.start_worker(**told)

        house.pay([order])

        house.wait_until_at_rest([order])
        house.assert_each_step_happened_once([order])
        by_hand = application(rabbitmq, backend="rpc://").send_task(
            "payments.tasks.send_order_confirmation_email_task", (order.pk, "test@example.com")
        )
        assert by_hand.get(timeout=PATIENCE_SECONDS)["success"] is True
