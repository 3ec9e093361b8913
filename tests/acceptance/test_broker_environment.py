"""
CELERY_* in processes: each variable has its effect, and a broker that is not there is told within seconds.
"""

import socket

import pytest

from devtools.show.crew import any_free_port
from embedded import Servers
from tests.acceptance.brokers import ADMIN_PASSWORD, running_broker
from tests.acceptance.house import House
from tests.acceptance.moving import moved_to, run_in, visit

pytestmark = pytest.mark.acceptance

CALL = """
import time, django; django.setup()
from payments.tasks import send_order_confirmation_email_task
began = time.monotonic()
try:
    send_order_confirmation_email_task.delay(1, "test@example.com")
finally:
    print(time.monotonic() - began)
"""
STATS = """
import django; django.setup()
from rms_backend import celery_app
(stats,) = celery_app.control.inspect(timeout=3).stats().values()
print(stats["prefetch_count"], stats["pool"]["max-concurrency"])
"""
LONGEST_WAIT_SECONDS = 10


class TestVariable:
    def test_celery_worker_prefetch_multiplier_is_what_a_worker_reserves_per_process(self, house: House):
        house.kill_worker()
        house.start_worker(ISOLATED_CELERY_WORKER_PREFETCH_MULTIPLIER="3")

        reserves, processes = map(int, run_in(house, "-c", STATS).stdout.split())

        assert (reserves, processes) == (12, 4)

    def test_celery_result_backend_is_where_answers_are_kept(self, house: House, tmp_path):
        with running_broker(tmp_path) as broker:
            at = f"redis://:{ADMIN_PASSWORD}@127.0.0.1:{broker.port}"
            with moved_to(house, f"{at}/0", ISOLATED_CELERY_RESULT_BACKEND=f"{at}/1"):
                (order,) = house.orders(1)
                house.pay([order])
                house.wait_until_at_rest([order])
                saw = visit(house, order)
            in_use = {name: count["keys"] for name, count in broker.admin().info("keyspace").items()}

            assert saw["answer"]["success"] is True
            assert in_use["db1"] >= 1
            assert not broker.admin().keys("celery-task-meta-*")


class TestCallByHand:
    def test_says_within_seconds_that_nobody_answers_at_the_address(self, built_house: House):
        port = any_free_port()

        seconds, said = called(built_house, f"redis://127.0.0.1:{port}/0")

        assert seconds < LONGEST_WAIT_SECONDS
        assert said == (
            f"kombu.exceptions.OperationalError: Error 111 connecting to 127.0.0.1:{port}. Connection refused. "
            "Nothing was sent. Start Redis, or correct CELERY_BROKER_URL or CELERY_RESULT_BACKEND."
        )

    def test_ends_where_the_broker_is_silent(self, built_house: House):
        with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
            _, said = called(built_house, f"redis://127.0.0.1:{silent.getsockname()[1]}/0")

        assert "Timeout reading from socket. Nothing was sent." in said

    def test_starts_the_embedded_broker_when_it_is_the_first_to_need_it(self, built_house: House, tmp_path):
        home = tmp_path / "fresh"
        try:
            said = in_a_process(built_house, ISOLATED_EMBEDDED_HOME=str(home))
        finally:
            Servers(home).remove()

        assert said.returncode == 0, said.stderr


def called(house: House, broker_url: str) -> tuple[float, str]:
    """
    How long a call by hand took to fail, and the last line of what it said.
    """
    said = in_a_process(house, ISOLATED_CELERY_BROKER_URL=broker_url)
    assert said.returncode != 0
    return float(said.stdout), said.stderr.splitlines()[-1]


def in_a_process(house: House, **environment: str):
    before = house.crew.environment
    house.crew.environment = {**before, **environment}
    try:
        return run_in(house, "-c", CALL)
    finally:
        house.crew.environment = before
