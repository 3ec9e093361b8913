"""
What can be read in the logs of a real worker, and what must not.
"""

import json
import re
from pathlib import Path

import pytest

from devtools.till import Mode
from orders.models import Order, Restaurant
from orders.testing import make_order
from payments import tasks
from tests.acceptance.house import House
from tests.acceptance.plain import Desk

pytestmark = pytest.mark.acceptance

NAME, EMAIL = "Zebedee Canary", "canary.zebedee@example.org"
OTHER = "second.canary@example.net"
ABOUT_A_STEP = re.compile(r"step\.|batch\.")
UNTRIED = ("step.not_claimed", "step.handed_back")


TELLING = {"ISOLATED_LOG_FORMAT": "json", "ISOLATED_CELERY_TRACE": "1", "ISOLATED_LOG_LEVEL": "INFO"}


@pytest.fixture
def telling_house(house: House) -> House:
    """
    The house with a worker and a web application that tell everything, as JSON.
    """
    house.kill_worker()
    for file in (house.servers.home / "logs").glob("celery_*.log*"):
        file.unlink()
    house.start_worker("teller", **TELLING)
    house.start_web("telling_web", **TELLING)
    return house


def lines_of(house: House, program: str = "worker") -> list[dict]:
    return lines_in(house.servers.home / "logs" / f"celery_{program}.log")


def lines_in(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]


def says_all(line: dict) -> bool:
    """
    Step, task, order and attempt (or orders and attempts); on a busy machine a second message finds nothing left to try.
    """
    tried = line["event"] in UNTRIED or line.keys() & {"attempt", "attempts"}
    return bool(line.keys() >= {"step", "task_id"} and tried and line.keys() & {"order_id", "order_ids"})


def way_of(house: House, task_id: str) -> list[dict]:
    return [line for line in lines_of(house) if line.get("task_id") == task_id]


def canary(house: House) -> list[Order]:
    house.orders(1)
    restaurant = Restaurant.objects.order_by("pk").last()
    return [
        make_order(restaurant=restaurant, paid=False, customer_email=EMAIL, customer_name=NAME, member=True)
    ]


class TestLogs:
    def test_say_order_step_attempt_and_task_in_each_line_about_a_step(self, telling_house: House):
        orders = telling_house.orders(5)
        telling_house.till.break_down(Mode.SERVER_ERROR, status=503, times=2)

        telling_house.pay(orders)
        telling_house.wait_until_at_rest(orders)

        about = [line for line in lines_of(telling_house) if ABOUT_A_STEP.match(line["event"])]
        assert {line["event"] for line in about} >= {"step.done", "step.failed"}
        assert [line for line in about if not says_all(line)] == []

    def test_follow_each_message_from_publishing_to_its_end_when_asked_to(self, telling_house: House):
        [order] = orders = telling_house.orders(1)
        telling_house.pay(orders)
        telling_house.wait_until_at_rest(orders)
        by_hand = "from payments import tasks; tasks.record_payment_analytics_task.delay(999_999)"
        telling_house.shell(by_hand)
        telling_house.wait_for(
            lambda: any(line["event"] == "message.failed" for line in lines_of(telling_house)),
            lambda: "no failure was told",
        )

        lines = lines_of(telling_house) + lines_in(telling_house.crew.logs / "telling_web.log")
        told = [line for line in lines if line["event"].startswith("message.")]
        ways = {}
        for line in told:
            ways.setdefault(line["task_id"], []).append(line)
        [receipt] = [
            way
            for way in ways.values()
            if way[0]["task"] == tasks.send_order_confirmation_email_task.name and len(way) == 4
        ]
        by_event = {line["event"]: line for line in receipt}
        assert set(by_event) == {"message.published", "message.received", "message.started", "message.done"}
        assert by_event["message.started"]["wait_ms"] > 0
        assert by_event["message.done"]["run_ms"] > 0
        received = by_event["message.received"]
        assert (received["queue"], received["priority"]) == ("emails", 8)
        assert str(order.pk) in by_event["message.started"]["arguments"]
        [failed] = [line for line in told if line["event"] == "message.failed"]
        assert "NotPromised" in failed["because"]

    def test_follow_a_task_that_is_tried_again_too(self, house: House, tmp_path):
        house.kill_worker()
        desk = Desk.at(house, tmp_path / "notes")
        desk.start_worker(ISOLATED_LOG_FORMAT="json", ISOLATED_CELERY_TRACE="1")

        sent = desk.send("come_back", "patient", 1, 0)
        desk.wait_for_notes(2)
        house.wait_for(
            lambda: [line["event"] for line in way_of(house, sent.id)].count("message.done") == 1,
            lambda: str(way_of(house, sent.id)),
        )

        told = [line["event"] for line in way_of(house, sent.id)]
        assert told.count("message.started") == 2
        assert told.count("message.tried_again") == 1

    def test_hold_nothing_personal_even_when_they_tell_everything(self, house: House):
        house.kill_worker()
        house.start_worker("chatty", ISOLATED_CELERY_TRACE="1", ISOLATED_LOG_LEVEL="DEBUG")
        orders = canary(house)
        house.mailbox.break_down("refuse_permanently", phase="rcpt", times=1)

        house.pay(orders)
        house.wait_until_at_rest(orders)
        sent = house.shell(
            "from payments import tasks\n"
            f"print(tasks.send_order_confirmation_email_task.delay({orders[0].pk}, {OTHER!r}).get(timeout=30))"
        )

        said = (house.crew.logs / "chatty.log").read_text() + (house.crew.logs / "web.log").read_text()
        kept = "".join(file.read_text() for file in (house.servers.home / "logs").glob("celery_*"))
        assert "'success': True" in sent
        assert "TaskPool: Apply" in said or "DEBUG" in said
        for word in (NAME, "Zebedee", EMAIL, OTHER):
            assert word not in said
            assert word not in kept
            assert word not in sent

    def test_of_beat_stand_in_a_file_of_their_own(self, house: House):
        house.crew.start("beat", "celery", "-A", "rms_backend", "beat", "--loglevel=info")

        file = house.servers.home / "logs" / "celery_beat.log"
        house.wait_for(
            lambda: file.exists() and "beat: Starting" in file.read_text(), lambda: "beat says nothing"
        )
