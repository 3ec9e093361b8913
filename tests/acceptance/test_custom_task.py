"""
The seed's "Creating New Tasks": its example, taken from the page and pasted into the menu, works as it stands.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from django.core.management import call_command

from orders.models import Order
from tests.acceptance.house import PATIENCE_SECONDS, House
from tests.acceptance.looking_at_valkey import let_the_visibility_timeout_pass
from tests.acceptance.plain import application
from tests.isolation import ROOT

pytestmark = pytest.mark.acceptance

NAME = "payments.tasks.my_custom_task"
UNKNOWN_ORDER = 999_999
# What the page leaves to its reader. Here: work that fails, or lasts until a file is there.
CUSTOM_LOGIC = """

def process_custom_logic(order, additional_data):
    if additional_data == "fail":
        raise RuntimeError("the other side is busy")
    import pathlib, time
    while additional_data and not pathlib.Path(additional_data).exists():
        time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """
    A copy of what is in the repository, with the example at the end of payments/tasks.py.
    """
    copy = tmp_path_factory.mktemp("checkout")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0"):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    with (copy / "payments" / "tasks.py").open("a") as menu:
        menu.write(f"\n\n{the_example()}{CUSTOM_LOGIC}")
    return copy


def the_example() -> str:
    """
    The block of the page that begins with `# payments/tasks.py`.
    """
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "celery-task-queue.md").read_text(), re.DOTALL
    )
    [found] = [block for block in blocks if block.startswith("# payments/tasks.py")]
    return found


@pytest.fixture(scope="class")
def house(built_house, checkout) -> Iterator[House]:
    """
    The house with one worker, which runs in the copy.
    """
    call_command("flush", interactive=False, verbosity=0)
    built_house.flush_broker()
    start_worker(built_house, checkout)
    yield built_house
    built_house.kill_worker()


@pytest.fixture(scope="class")
def app(house) -> Celery:
    return application(house.addresses.broker_url)


def start_worker(house: House, checkout: Path) -> None:
    (house.crew.logs / "worker.log").unlink(missing_ok=True)
    command = "celery -A rms_backend worker --loglevel=info --concurrency=1"
    house.crew.start_command("worker", *command.split(), directory=checkout)
    house.crew.wait_for("worker", lambda: house.crew.says("worker", "ready."))


class TestCustomTask:
    def test_answers_as_the_seed_says(self, house, app):
        [order] = house.orders(1)

        answer = app.send_task(NAME, (order.pk,)).get(timeout=PATIENCE_SECONDS)

        assert answer == {"success": True, "order_id": order.pk}

    def test_raises_for_an_unknown_order(self, app):
        called = app.send_task(NAME, (UNKNOWN_ORDER,))

        with pytest.raises(Order.DoesNotExist):
            called.get(timeout=PATIENCE_SECONDS)

    def test_waits_60_120_and_240_seconds_in_the_middle_of_the_default_lane_and_then_fails_for_good(
        self, house, app
    ):
        [order] = house.orders(1)

        # As after so many retries: nobody waits seven minutes here.
        for retries in range(3):
            app.send_task(NAME, (order.pk, "fail"), retries=retries, ignore_result=True)
        last = app.send_task(NAME, (order.pk, "fail"), retries=3)

        with pytest.raises(RuntimeError, match="the other side is busy"):
            last.get(timeout=PATIENCE_SECONDS)
        house.wait_for(lambda: len(scheduled(app)) == 3, lambda: f"{scheduled(app)}")
        assert retry_waits(house) == [60, 120, 240]
        assert {(r["name"], r["delivery_info"]["routing_key"], r["delivery_info"]["priority"])
                for r in scheduled(app)} == {(NAME, "default", 5)}  # fmt: skip


class TestCustomTaskWhoseWorkerIsKilled:
    def test_is_begun_again_by_the_next_worker_as_celery_documents_it(self, house, app, checkout, tmp_path):
        [order] = house.orders(1)
        done = tmp_path / "done"
        called = app.send_task(NAME, (order.pk, str(done)))
        house.wait_for(lambda: is_at_work(app), lambda: "never begun")

        house.kill_worker()
        let_the_visibility_timeout_pass(house)
        done.touch()
        start_worker(house, checkout)

        assert called.get(timeout=PATIENCE_SECONDS) == {"success": True, "order_id": order.pk}


def retry_waits(house: House) -> list[int]:
    log = (house.crew.logs / "worker.log").read_text()
    return sorted(int(seconds) for seconds in re.findall(r"retry: Retry in (\d+)s", log))


def scheduled(app: Celery) -> list[dict]:
    """
    What the worker holds until its time comes.
    """
    answers = app.control.inspect(timeout=10, limit=1).scheduled() or {}
    return [waiting["request"] for node in answers.values() for waiting in node]


def is_at_work(app: Celery) -> bool:
    answers = app.control.inspect(timeout=10, limit=1).active() or {}
    return NAME in [task["name"] for node in answers.values() for task in node]
