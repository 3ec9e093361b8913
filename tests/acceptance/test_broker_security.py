"""
A broker with a password, with an ACL, with TLS: everything goes on working, and strangers stay out.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from pipeline.queues import Queue
from tests.acceptance.brokers import ADMIN_PASSWORD, Broker, program_with_tls, running_broker
from tests.acceptance.certificates import Authority
from tests.acceptance.house import House
from tests.acceptance.moving import moved_to, run_in, visit
from tests.acceptance.tls_door import tls_door
from tests.isolation import ROOT

pytestmark = pytest.mark.acceptance

PASSWORD = "a/b#c@d"
QUOTED = "a%2Fb%23c%40d"
CALL = """
import django; django.setup()
from payments.tasks import record_payment_analytics_task
print(record_payment_analytics_task.delay(1).id)
"""


@pytest.fixture(scope="module")
def user(tmp_path_factory) -> Iterator[redis.Redis]:
    with broker_with_user(tmp_path_factory.mktemp("broker")) as broker:
        yield redis.Redis(port=broker.port, username="rms", password=PASSWORD)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.founded(tmp_path_factory.mktemp("authority") / "ours")


def assert_everything_works(house: House) -> None:
    """
    A paid order goes through its six steps, and whoever looks, calls or watches is answered.
    """
    (order,) = house.orders(1)
    house.pay([order])
    house.wait_until_at_rest([order])
    house.assert_each_step_happened_once([order])
    saw = visit(house, order)
    assert saw["queues"] == sorted(queue.value for queue in Queue)
    assert (saw["answered"], saw["flower"], saw["purged"]) == (5, len(Queue), 0)
    assert saw["answer"] == saw["later"] == {"success": True, "order_id": order.pk, "already": "done"}
    assert saw["wrong"] == "NotPromised"
    assert {"task-received", "task-started", "task-succeeded"} <= set(saw["events"])


def refused_words(house: House, broker_url: str, **environment: str) -> str:
    """
    The last line of what a call by hand says at this broker, which must not be let in.
    """
    before = house.crew.environment
    house.crew.environment = {**before, "ISOLATED_CELERY_BROKER_URL": broker_url, **environment}
    try:
        said = run_in(house, "-c", CALL)
    finally:
        house.crew.environment = before
    assert said.returncode != 0
    return said.stderr.splitlines()[-1]


class TestPassword:
    def test_opens_everything_that_is_needed(self, house: House, tmp_path):
        with (
            running_broker(tmp_path) as broker,
            moved_to(house, f"redis://:{ADMIN_PASSWORD}@127.0.0.1:{broker.port}/0"),
        ):
            assert_everything_works(house)

    @pytest.mark.parametrize("login", ["", ":wrong@"])
    def test_keeps_out_who_does_not_know_it(self, built_house: House, tmp_path, login):
        with running_broker(tmp_path) as broker:
            said = refused_words(built_house, f"redis://{login}127.0.0.1:{broker.port}/0")

        assert re.search("already authenticated|invalid username-password pair", said), said
        assert "Nothing was sent." in said
        assert "wrong" not in said


class TestUserOfItsOwn:
    """
    The line of docs/security.md is the one that is tried.
    """

    def test_can_do_everything_that_is_needed(self, house: House, tmp_path):
        with broker_with_user(tmp_path) as broker, moved_to(house, address(broker)):
            assert_everything_works(house)
            house.stop("worker")
            house.start_worker()

            denied = [(line["reason"], line["object"]) for line in broker.admin().acl_log()]
            assert denied == []

    @pytest.mark.parametrize(
        "command",
        [
            "FLUSHALL", "FLUSHDB", "CONFIG GET *", "CONFIG SET maxmemory-policy allkeys-lru", "KEYS *", "SCAN 0", "MONITOR",
            "SHUTDOWN NOSAVE", "SAVE", "ACL LIST", "ACL SETUSER rms +@all", "CLIENT LIST", "CLIENT KILL TYPE normal",
            "EVAL return(1) 0", "SCRIPT FLUSH", "REPLICAOF NO ONE", "SWAPDB 0 1", "RANDOMKEY",
            "SET somebody-elses 1", "GET somebody-elses", "LPUSH celery 1", "PUBLISH somebody-elses 1", "PSUBSCRIBE *",
        ],
    )  # fmt: skip
    def test_can_do_nothing_else(self, user, command):
        with pytest.raises(redis.exceptions.NoPermissionError):
            user.execute_command(*command.split())


class TestTls:
    """
    With a user of its own. Where no server with TLS is installed, a door with TLS stands before one without.
    """

    @pytest.fixture
    def port(self, authority, tmp_path) -> Iterator[int]:
        with tls_broker(tmp_path, authority, certificate=authority.certificate("redis")) as port:
            yield port

    @pytest.mark.parametrize("form", ["the file in the address", "SSL_CERT_FILE"])
    def test_carries_everything_that_is_needed(self, house: House, authority, port, form):
        in_the_address = form == "the file in the address"
        query = f"?ssl_cert_reqs=required&ssl_ca_certs={authority.file}" if in_the_address else ""
        trust = {} if in_the_address else {"SSL_CERT_FILE": str(authority.file)}

        with moved_to(house, f"rediss://rms:{QUOTED}@127.0.0.1:{port}/0{query}", **trust):
            assert_everything_works(house)

    def test_refuses_a_server_whose_authority_nobody_knows(self, built_house: House, port, tmp_path):
        stranger = Authority.founded(tmp_path / "stranger")
        for query in ("", "?ssl_cert_reqs=required", f"?ssl_ca_certs={stranger.file}"):
            said = refused_words(built_house, f"rediss://rms:{QUOTED}@127.0.0.1:{port}/0{query}")

            assert "CERTIFICATE_VERIFY_FAILED" in said
            assert "Nothing was sent." in said

    def test_refuses_a_server_with_the_certificate_of_another(self, built_house: House, authority, tmp_path):
        of_another = authority.certificate("another", valid_for="DNS:redis.example.com")
        with tls_broker(tmp_path, authority, certificate=of_another) as port:
            said = refused_words(
                built_house, f"rediss://rms:{QUOTED}@127.0.0.1:{port}/0?ssl_ca_certs={authority.file}"
            )

        assert "mismatch" in said

    def test_keeps_a_worker_from_a_server_it_does_not_trust(self, house: House, port):
        with moved_to(house, f"rediss://rms:{QUOTED}@127.0.0.1:{port}/0", worker=False):
            worker = ("celery", "-A", "rms_backend", "worker", "--concurrency=1", "--loglevel=info")
            house.crew.start("wary", *worker)
            house.wait_for(
                lambda: house.crew.says("wary", "CERTIFICATE_VERIFY_FAILED"), lambda: "it does not complain"
            )

            assert not house.crew.says("wary", "ready.")


def address(broker: Broker) -> str:
    return f"redis://rms:{QUOTED}@127.0.0.1:{broker.port}/0"


@contextmanager
def broker_with_user(home, **how) -> Iterator[Broker]:
    """
    A broker with the user of docs/security.md, and nobody else but the administrator.
    """
    page = (ROOT / "docs" / "security.md").read_text()
    line = re.search(r"^ACL SETUSER rms .*?(?=^```)", page, re.MULTILINE | re.DOTALL)[0]
    with running_broker(home, **how) as broker:
        broker.admin().execute_command(*line.replace(">PASSWORD", f">{PASSWORD}").split())
        yield broker


@contextmanager
def tls_broker(home, authority: Authority, *, certificate) -> Iterator[int]:
    """
    The port of a broker that is reached with TLS only.
    """
    if program := program_with_tls():
        files = ("tls-cert-file", "tls-key-file")
        config = [
            *(f"{file} {certificate}" for file in files),
            f"tls-ca-cert-file {authority.file}",
            "tls-auth-clients no",
        ]
        with broker_with_user(home, program=program, config=config, with_tls=True) as broker:
            yield broker.port
    else:
        with broker_with_user(home) as broker, tls_door(broker.port, certificate=certificate) as port:
            yield port
