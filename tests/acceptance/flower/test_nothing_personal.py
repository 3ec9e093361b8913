"""
Nothing personal and no password is in what Celery and Flower tell about tasks.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rms_backend import celery_app
from tests.acceptance.flower.process import FlowerProcess
from tests.acceptance.flower.talkative import tasks
from tests.acceptance.house import House

pytestmark = pytest.mark.acceptance

ORDER = 70_007
PERSONAL = ("anna.canary@example.com", "+49 151 23456789", "sk_live_canary")
STREET = "5 Canary Street"  # no pattern finds it, so an error may still quote it: docs/flower.md
CANARIES = ("anna.canary", "23456789", "sk_live_canary", "canary street", "mail-canary")
AT_WORK = RESERVED = 4  # of a worker with four processes and a prefetch multiplier of 2
ALL_KINDS = {f"task-{kind}" for kind in ("received", "started", "succeeded", "failed", "retried")}


class TestNothingPersonal:
    def test_is_in_events_pages_or_answers_of_the_worker(self, flower: FlowerProcess, door: Path):
        with listening(flower.house) as events:
            sent = say_everything(flower, door)
            flower.wait_for(lambda: {"STARTED", "RECEIVED"} <= {flower.state_of(one) for one in sent})
            told = ask_the_worker(flower) | everything_flower_tells(flower, sent)
            door.touch()
            flower.wait_for(lambda: {"SUCCESS", "FAILURE"} <= {flower.state_of(one) for one in sent})
            told |= {f"{where}, later": text for where, text in everything_flower_tells(flower, sent).items()}
            flower.wait_for(lambda: {event["type"] for event in events} >= ALL_KINDS)

        passwords = (flower.house.addresses.broker_password, flower.house.addresses.postgres_password)
        for where, text in {"events": repr(events), **told}.items():
            leaks = [secret for secret in (*CANARIES, *passwords) if secret in text.lower()]
            assert not leaks, f"{where} tells {leaks}"
        for where in ("inspect active", "inspect reserved", "inspect scheduled", "/api/tasks"):
            assert str(ORDER) in told[where], f"{where} does not tell the order"


def say_everything(flower: FlowerProcess, door: Path) -> list[str]:
    """
    Tasks that finish, fail, are tried again, are under way, reserved and put off, all with something personal.
    """
    sent = [
        flower.send(tasks.repeat_task, ORDER, *PERSONAL, STREET, kwargs={"name": STREET}),
        flower.send(tasks.complain_task, ORDER, *PERSONAL, kwargs={"email": PERSONAL[0]}),
        flower.send(tasks.retry_task, ORDER, *PERSONAL),
        flower.send(tasks.linger_task, str(door), ORDER, STREET, countdown=3_600),
    ]
    with celery_app.connection_for_write(url=flower.house.addresses.broker_url) as connection:
        by_name = celery_app.send_task(
            tasks.repeat_task.name, (ORDER, *PERSONAL), {"name": STREET}, connection=connection
        )
    return [
        *sent,
        by_name.id,
        *(
            flower.send(tasks.linger_task, str(door), ORDER, *PERSONAL, STREET)
            for _ in range(AT_WORK + RESERVED)
        ),
    ]


def ask_the_worker(flower: FlowerProcess) -> dict[str, str]:
    """
    What `celery inspect` prints.
    """
    [worker] = flower.json("/api/workers?refresh=1")
    command = [sys.executable, "-m", "celery", "-A", "rms_backend", "inspect", "--timeout=20", "-d", worker]
    environment = flower.house.crew.told()
    asked = {
        what: subprocess.Popen([*command, what], env=environment, stdout=subprocess.PIPE, text=True)
        for what in ("active", "reserved", "scheduled", "conf", "stats", "report")
    }
    told = {f"inspect {what}": process.communicate(timeout=60)[0] for what, process in asked.items()}
    empty = [what for what, text in told.items() if "OK" not in text or "- empty -" in text]
    assert not empty, f"{empty}: {told}"
    return told


def everything_flower_tells(flower: FlowerProcess, sent: list[str]) -> dict[str, str]:
    [worker] = flower.json("/api/workers?refresh=1")
    paths = [
        "/",
        "/workers?json=1",
        f"/worker/{worker}",
        f"/api/workers?refresh=1&workername={worker}",
        "/tasks",
    ]
    paths += ["/api/tasks", "/broker", "/metrics", *(f"/task/{one}" for one in sent)]
    known = flower.tasks()
    return {path: flower.page(path) for path in paths if not path.startswith("/task/") or path[6:] in known}


@contextmanager
def listening(house: House) -> Iterator[list[dict[str, Any]]]:
    """
    All events as they go over the broker.
    """
    events: list[dict[str, Any]] = []
    with celery_app.connection_for_read(url=house.addresses.broker_url) as connection:
        receiver = celery_app.events.Receiver(connection, handlers={"*": events.append})
        begun = threading.Event()
        receiver.on_consume_ready = lambda *_args, **_more: begun.set()
        thread = threading.Thread(target=lambda: receiver.capture(wakeup=False), daemon=True)
        thread.start()
        assert begun.wait(30)
        try:
            yield events
        finally:
            receiver.should_stop = True
            thread.join(30)
