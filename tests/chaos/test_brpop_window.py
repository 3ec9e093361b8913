"""
The link to the broker is cut after a worker has taken a message and before it has noted it as unacknowledged.

Plain Celery loses the message for ever, with late acknowledgement and all; we lose nothing, because a row promises it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery

from payments.tasks import sync_order_to_pos_task
from pipeline.models import StepEvent
from tests.acceptance.house import House
from tests.chaos.plain_app import NAME
from tests.chaos.proxy import CutOnMatch, FaultProxy, Way

pytestmark = pytest.mark.acceptance

# Kombu takes a message with BRPOP, and notes it in the hash `unacked` with a second command.
NOTES_THE_MESSAGE = rb"HSET\r\n\$7\r\nunacked\r\n"
# The same with a message for the till in it; and BRPOP's answer, which brings that message.
NOTING = (NOTES_THE_MESSAGE + rb".*?tasks\.sync_order_to_pos_task", Way.TO_SERVER)
ANSWER = (rb"tasks\.sync_order_to_pos_task", Way.TO_CLIENT)
WORDS = ["one", "two", "three", "four", "five"]
PLAIN_DATABASE = 7  # of the house's Valkey: nobody else's


@pytest.fixture
def proxy(empty_house: House) -> Iterator[FaultProxy]:
    """
    The way to the house's broker.
    """
    with FaultProxy(upstream=empty_house.addresses.broker_socket) as proxy:
        yield proxy


@dataclass
class PlainCelery:
    """
    A worker of the plain application behind the proxy, and those who send it tasks in front of the broker itself.
    """

    house: House
    proxy: FaultProxy
    notes: Path

    def send(self, words: list[str]) -> None:
        broker = self.house.addresses.broker_url.replace("virtual_host=0", f"virtual_host={PLAIN_DATABASE}")
        with Celery(broker=broker, set_as_current=False) as app:
            for word in words:
                app.send_task(f"{NAME}.note", [word], ignore_result=True)

    def start_worker(self) -> None:
        broker = broker_url(self.house, self.proxy, database=PLAIN_DATABASE)
        with self.house.told(PLAIN_BROKER_URL=broker, PLAIN_NOTES=str(self.notes)):
            self.house.crew.start(
                "plain", "celery", "-A", NAME, "worker", "--concurrency=1", "--loglevel=info"
            )

    def done(self) -> list[str]:
        return self.notes.read_text().split()

    def left_in_the_broker(self) -> int:
        """
        How many messages wait or are noted as unacknowledged.
        """
        with self.house.broker() as broker:
            broker.select(PLAIN_DATABASE)
            return broker.llen("celery") + broker.hlen("unacked") + broker.zcard("unacked_index")


class TestPlainCelery:
    def test_loses_the_task_for_ever(self, empty_house: House, proxy: FaultProxy, tmp_path: Path):
        plain = PlainCelery(empty_house, proxy, tmp_path / "notes")
        plain.notes.touch()
        plain.send(WORDS)
        proxy.break_down(CutOnMatch(pattern=NOTES_THE_MESSAGE, nth=3), Way.TO_SERVER)

        plain.start_worker()
        proxy.wait_for_cut()
        empty_house.wait_for(lambda: len(plain.done()) >= 4, lambda: f"only {plain.done()} are done")
        empty_house.stop("plain")  # warmly: what it still had it would carry out, or give back

        assert len(plain.done()) == 4
        assert set(plain.done()) < set(WORDS)
        assert plain.left_in_the_broker() == 0  # nothing is left that could ever bring it back

    def test_does_all_its_tasks_when_nothing_is_cut(
        self, empty_house: House, proxy: FaultProxy, tmp_path: Path
    ):
        plain = PlainCelery(empty_house, proxy, tmp_path / "notes")
        plain.notes.touch()
        plain.send(WORDS)

        plain.start_worker()
        empty_house.wait_for(lambda: len(plain.done()) >= 5, lambda: f"only {plain.done()} are done")

        assert sorted(plain.done()) == sorted(WORDS)


class TestOurWorker:
    @pytest.mark.parametrize("acks_late", ["1", "0"])
    @pytest.mark.parametrize("cut", [NOTING, ANSWER], ids=["noting", "answer"])
    def test_loses_nothing(
        self, empty_house: House, proxy: FaultProxy, cut: tuple[bytes, Way], acks_late: str
    ):
        pattern, way = cut
        orders = empty_house.orders(5)
        proxy.break_down(CutOnMatch(pattern=pattern, times=2), way)

        empty_house.start_worker(
            ISOLATED_CELERY_BROKER_URL=broker_url(empty_house, proxy),
            ISOLATED_CELERY_TASK_ACKS_LATE=acks_late,
        )
        empty_house.pay(orders)
        proxy.wait_for_cut(60, cuts=2)
        empty_house.wait_until_at_rest(orders)

        empty_house.assert_each_step_happened_once(orders)
        assert StepEvent.objects.filter(
            what=StepEvent.What.SENT_AGAIN, step_run__step=sync_order_to_pos_task.name
        ).exists()


def broker_url(house: House, proxy: FaultProxy, *, database: int = 0) -> str:
    """
    The house's broker, by way of the proxy.
    """
    return f"redis://:{house.addresses.broker_password}@127.0.0.1:{proxy.port}/{database}"
