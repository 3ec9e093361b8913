"""
What stands in the broker, and what workers take from it: ids only, JSON only.
"""

import base64
import json
import pickle
import re
from collections import Counter
from collections.abc import Sequence

import pytest
import redis
import yaml

from analytics.models import SaleFact
from devtools.show.crew import Crew
from orders.models import Customer, Order
from pipeline.queues import Queue
from tests.acceptance.house import House, message_id
from tests.acceptance.moving import run_in

pytestmark = pytest.mark.acceptance

GUEST = {"email": "canary@birds.example", "name": "Canaria Featherstone", "phone": "+15550148822"}
BY_HAND = "nightingale@birds.example"
PERSONAL = re.compile(r"canary@|Canaria|Featherstone|5550148822|nightingale@", re.IGNORECASE)
STEPS = 6
CALL_BY_HAND = f"""
import sys, django; django.setup()
from orders.models import Order
from payments.tasks import send_order_confirmation_email_task
order = Order.objects.get(pk=sys.argv[1])
result = send_order_confirmation_email_task.delay(order.id, {BY_HAND!r})
print(result.id)
"""


class TestWhatStandsInTheBroker:
    def test_are_ids_except_in_the_message_of_a_receipt_by_hand(self, house: House):
        house.kill_worker()
        (order,) = house.orders(1)
        Customer.objects.filter(pk=order.customer_id).update(**GUEST)
        house.crew.start_worker("dispatcher")
        house.pay([order])
        house.wait_for(lambda: are_all_carried(house, [order]), lambda: "not dispatched")
        task_id = run_in(house, "-c", CALL_BY_HAND, str(order.pk)).stdout.strip()

        queued = everything_in(house)
        house.mailbox.break_down("slow", phase="data", seconds=2)
        house.start_worker()
        house.wait_for(lambda: BY_HAND in told(unacknowledged(house)), lambda: "never at work")
        underway = everything_in(house)
        house.wait_until_at_rest([order])
        house.wait_for(lambda: f"celery-task-meta-{task_id}" in everything_in(house), lambda: "no answer")
        afterwards = everything_in(house)

        assert house.letters(order, "confirmation") == 1
        assert [letter.recipients for letter in house.mailbox.messages(recipient=BY_HAND)] == [(BY_HAND,)]
        assert len([1 for key in queued if key.split("\x06")[0] in list(Queue)]) >= STEPS - 1
        assert names_somebody(queued) == {"emails": 1}
        assert names_somebody(underway).keys() <= {"unacked"}
        assert names_somebody(afterwards) == {}
        assert not PERSONAL.search(logs_of(house.crew)), "the logs name somebody"
        assert message_id(order.public_id, "confirmation") not in told(afterwards)

    def test_messages_of_the_dispatcher_carry_order_ids_and_nothing_else(self, house: House):
        house.kill_worker()
        orders = house.orders(3)
        house.crew.start_worker("dispatcher")
        house.pay(orders)

        house.wait_for(lambda: are_all_carried(house, orders), lambda: str(carried(house)))

        assert {(len(args), *kwargs) for args, kwargs in bodies_in(house)} == {(1,)}


class TestMessageThatCouldCarryCode:
    @pytest.mark.parametrize(
        ("content_type", "dump"),
        [
            ("application/x-python-serialize", pickle.dumps),
            ("application/x-yaml", lambda body: yaml.safe_dump(body).encode()),
        ],
        ids=["pickle", "yaml"],
    )
    def test_is_refused_and_the_worker_goes_on(self, house: House, content_type, dump, tmp_path):
        trap = tmp_path / "executed"
        body = dump([[1], {}, {}]) if content_type.endswith("yaml") else pickle.dumps(Trap(str(trap)))
        with house.broker() as broker:
            for priority in ("", "\x06\x169"):
                broker.lpush(f"analytics{priority}", envelope(body, content_type))
        house.wait_for(
            lambda: house.crew.says("worker", "Refusing to deserialize"),
            lambda: "the message was not refused",
        )

        (order,) = house.orders(1)
        house.pay([order])
        house.wait_until_at_rest([order])

        assert not trap.exists()
        assert SaleFact.objects.count() == 1
        house.wait_for(lambda: unacknowledged(house) == {}, lambda: str(unacknowledged(house)))
        house.assert_each_step_happened_once([order])


class Trap:
    """
    Unpickled, it writes a file.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def envelope(body: bytes, content_type: str) -> str:
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "binary",
            "content-type": content_type,
            "headers": {"task": "payments.tasks.record_payment_analytics_task", "id": "a-trap", "lang": "py"},
            "properties": {
                "body_encoding": "base64",
                "delivery_info": {"exchange": "", "routing_key": "analytics"},
                "delivery_tag": "a-trap",
                "delivery_mode": 2,
                "priority": 5,
            },
        }
    )


def are_all_carried(house: House, orders: Sequence[Order]) -> bool:
    """
    Is there a message, or more than one, for each step of these orders, and for nobody else's?
    """
    found = Counter(carried(house))
    return found.keys() == {order.pk for order in orders} and min(found.values()) >= STEPS


def carried(house: House) -> list[int]:
    """
    The order ids in all messages that wait on the lanes of the steps.
    """
    arguments = [args[0] for args, _ in bodies_in(house)]
    return sorted(id_ for ids in arguments for id_ in (ids if isinstance(ids, list) else [ids]))


def everything_in(house: House) -> dict[str, list[str]]:
    """
    All that stands in the broker, by key; the bodies of messages are made readable.
    """
    with house.broker() as broker:
        return {key.decode(): [readable(value) for value in values(broker, key)] for key in broker.keys("*")}


def values(broker: redis.Redis, key: bytes) -> list[bytes]:
    kind = broker.type(key)
    if kind == b"list":
        return broker.lrange(key, 0, -1)
    if kind == b"hash":
        return [part for pair in broker.hgetall(key).items() for part in pair]
    if kind == b"set":
        return list(broker.smembers(key))
    if kind == b"zset":
        return broker.zrange(key, 0, -1)
    return [broker.get(key) or b""]


def readable(value: bytes) -> str:
    text = value.decode(errors="replace")
    encoded = re.findall(r'"body": "([A-Za-z0-9+/=]+)"', text)
    return " ".join([text, *(base64.b64decode(body).decode(errors="replace") for body in encoded)])


def told(everything: dict[str, list[str]]) -> str:
    return "\n".join(value for values_ in everything.values() for value in values_)


def unacknowledged(house: House) -> dict[str, list[str]]:
    return {key: values_ for key, values_ in everything_in(house).items() if key == "unacked"}


def names_somebody(everything: dict[str, list[str]]) -> dict[str, int]:
    """
    Under which keys there is something about a person, and how many values of them.
    """
    found = Counter[str]()  # each priority of a queue has a key of its own
    for key, all_ in everything.items():
        found[key.split("\x06")[0]] += sum(1 for value in all_ if PERSONAL.search(value))
    return {key: count for key, count in found.items() if count}


def bodies_in(house: House) -> list[tuple[list[object], dict[str, object]]]:
    """
    Arguments of all messages that wait on the lanes of the steps.
    """
    lanes = {queue.value for queue in Queue} - {Queue.POST_PAYMENT.value}
    with house.broker() as broker:
        waiting = [
            json.loads(message)
            for key in broker.keys("*")
            if key.decode().split("\x06")[0] in lanes
            for message in broker.lrange(key, 0, -1)
        ]
    return [tuple(json.loads(base64.b64decode(message["body"]))[:2]) for message in waiting]


def logs_of(crew: Crew) -> str:
    return "\n".join(path.read_text(errors="replace") for path in crew.logs.glob("*.log"))
