"""
A Redis that is found through Sentinel.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from devtools.show.crew import any_free_port
from embedded.binaries import CLEAN_ENVIRONMENT, broker_program
from tests.acceptance.brokers import ADMIN_PASSWORD, Broker, running_broker
from tests.acceptance.house import House
from tests.acceptance.moving import moved_to

pytestmark = pytest.mark.acceptance


class TestSentinel:
    def test_leads_to_the_broker_which_does_everything_that_is_needed(self, empty_house: House, tmp_path):
        with running_broker(tmp_path) as broker, running_sentinel(tmp_path, broker) as port:
            url = f"sentinel://:{ADMIN_PASSWORD}@127.0.0.1:{port}/0"
            with moved_to(empty_house, url, ISOLATED_REDIS_SENTINEL_MASTER="kitchen") as house:
                orders = house.orders(2)
                house.pay(orders)
                house.wait_until_at_rest(orders)
                answer = house.shell(
                    "from payments import tasks\n"
                    f"print(tasks.record_payment_analytics_task.delay({orders[0].pk}).get(timeout=30))"
                )

                house.assert_each_step_happened_once(orders)
                assert "'already': 'done'" in answer
                with broker.admin() as admin:
                    assert admin.keys("_kombu.binding.*")


@contextmanager
def running_sentinel(home: Path, broker: Broker) -> Iterator[int]:
    """
    One sentinel that knows the broker as `kitchen`.
    """
    port = any_free_port()
    (home / "sentinel.conf").write_text(
        f"port {port}\nbind 127.0.0.1\n"
        f"sentinel monitor kitchen 127.0.0.1 {broker.port} 1\nsentinel auth-pass kitchen {ADMIN_PASSWORD}\n"
    )
    with (home / "sentinel.log").open("wb") as log:
        process = subprocess.Popen(
            [broker_program(), "sentinel.conf", "--sentinel"],
            cwd=home, env=CLEAN_ENVIRONMENT, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        give_up_at = time.monotonic() + 20
        while not knows_the_primary(port):
            assert time.monotonic() < give_up_at, (home / "sentinel.log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


def knows_the_primary(port: int) -> bool:
    try:
        with redis.Redis(port=port) as sentinel:
            return bool(sentinel.sentinel_get_master_addr_by_name("kitchen"))
    except redis.RedisError:
        return False
