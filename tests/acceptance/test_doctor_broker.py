"""
What the doctor makes of brokers that are set up in one way or another: real ones, each for itself.
"""

import contextlib
from contextlib import contextmanager

import pytest
import redis
from celery import current_app
from django.test import override_settings

from devtools.show.crew import any_free_port
from operations.doctor import broker, clock, memory, work
from operations.doctor.finding import Level, Unreachable
from tests.acceptance.own_valkey import PASSWORD, make_certificate, own_valkey, tls_port

pytestmark = pytest.mark.acceptance

PATIENCE = 2.0


@contextmanager
def configured(url: str, results: str = ""):
    """
    Celery of this process, with these addresses.
    """
    conf = current_app.conf
    before = conf.broker_write_url, conf.result_backend
    conf.broker_write_url, conf.result_backend = url, results or url
    try:
        with override_settings(BROKER_IS_EMBEDDED=False):
            yield
    finally:
        conf.broker_write_url, conf.result_backend = before


def why_not(url: str):
    """
    The finding about a broker that does not answer.
    """
    with configured(url), pytest.raises(Unreachable) as raised:
        broker.answers(patience_seconds=PATIENCE)
    finding = raised.value.finding
    assert finding.level is Level.PROBLEM
    assert PASSWORD not in f"{finding.said} {finding.remedy}"
    return finding


def setup_of(url: str):
    with configured(url):
        return {finding.subject: finding for finding in broker.setup(patience_seconds=PATIENCE)}


def fill(port: int) -> None:
    """
    Write until it takes no more.
    """
    with redis.Redis(port=port, password=PASSWORD) as client, contextlib.suppress(redis.ResponseError):
        for number in range(100):
            client.set(f"fill-{number}", "x" * 100_000)


class TestUnreachableBroker:
    def test_that_nobody_knows(self):
        found = why_not(f"redis://:{PASSWORD}@broker.invalid:6379/0")

        assert "redis://broker.invalid:6379/0 cannot be found" in found.said

    def test_that_is_a_socket_which_is_not_there(self, tmp_path):
        found = why_not(f"redis+socket://:{PASSWORD}@{tmp_path}/none.sock?virtual_host=0")

        assert "refuses the connection" in found.said
        assert f"redis-cli -s {tmp_path}/none.sock" in found.remedy

    def test_that_wants_a_password(self, tmp_path):
        with own_valkey(tmp_path) as valkey:
            found = why_not(valkey.url(login=""))

        assert "refuses the password" in found.said

    def test_that_has_no_such_database(self, tmp_path):
        with own_valkey(tmp_path, "databases 4") as valkey:
            found = why_not(valkey.url().replace("/0", "/9"))

        assert "no database of that number" in found.said

    def test_that_is_spoken_to_in_tls_and_speaks_none(self, tmp_path):
        with own_valkey(tmp_path) as valkey:
            found = why_not(valkey.url().replace("redis:", "rediss:") + "?ssl_cert_reqs=required")

        assert "no TLS comes about" in found.said

    def test_that_speaks_tls_and_is_spoken_to_without(self, tmp_path):
        with tls_port(make_certificate(tmp_path)) as port:
            found = why_not(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")

        assert "hangs up" in found.said
        assert "write rediss:// into CELERY_BROKER_URL" in found.remedy

    def test_whose_certificate_nobody_vouches_for(self, tmp_path):
        with tls_port(make_certificate(tmp_path)) as port:
            found = why_not(f"rediss://:{PASSWORD}@localhost:{port}/0?ssl_cert_reqs=required")

        assert "no TLS comes about" in found.said
        assert "ssl_ca_certs=FILE" in found.remedy

    def test_that_takes_no_more_clients(self, tmp_path):
        with (
            own_valkey(tmp_path, "maxclients 1") as valkey,
            redis.Redis(port=valkey.port, password=PASSWORD) as one,
        ):
            one.ping()
            found = why_not(valkey.url())

        assert "takes no more clients" in found.said

    def test_that_is_a_rabbitmq_is_not_asked_what_only_redis_knows(self):
        with configured(f"amqp://guest:{PASSWORD}@127.0.0.1:{any_free_port()}//", "rpc://"):
            found = [*broker.setup(patience_seconds=PATIENCE), *broker.results(patience_seconds=PATIENCE)]
            none = [
                *clock.of_the_broker(patience_seconds=PATIENCE),
                *memory.kept_results(patience_seconds=PATIENCE),
            ]

        assert [finding.level for finding in found] == [Level.NOTE] * 2
        assert none == []

    def test_that_is_a_rabbitmq(self):
        found = why_not(f"amqp://guest:{PASSWORD}@127.0.0.1:{any_free_port()}//")

        assert "refuses the connection" in found.said
        assert "rabbitmq-diagnostics ping" in found.remedy


class TestBroker:
    def test_that_keeps_what_it_is_given_is_well(self, tmp_path):
        with own_valkey(tmp_path) as valkey:
            found = setup_of(valkey.url())
            with configured(valkey.url()):
                others = [
                    *broker.answers(patience_seconds=PATIENCE), *broker.results(patience_seconds=PATIENCE),
                    *clock.of_the_broker(patience_seconds=PATIENCE), *work.queue_lengths(patience_seconds=PATIENCE),
                    *memory.kept_results(patience_seconds=PATIENCE),
                ]  # fmt: skip

        assert {finding.level for finding in [*found.values(), *others]} == {Level.OK}
        assert found["version"].said.startswith("Valkey 9.")

    def test_that_throws_messages_away_or_forgets_them_is_named(self, tmp_path):
        with own_valkey(tmp_path, "maxmemory-policy allkeys-lru", "appendonly no") as valkey:
            found = setup_of(valkey.url())

        assert found["eviction policy"].level is Level.PROBLEM
        assert "maxmemory-policy is allkeys-lru" in found["eviction policy"].said
        assert "noeviction" in found["eviction policy"].remedy
        assert found["persistence"].level is Level.WARNING

    def test_that_is_full_is_named(self, tmp_path):
        with own_valkey(tmp_path, "maxmemory 3mb") as valkey:
            fill(valkey.port)
            found = setup_of(valkey.url())

        assert found["memory"].level is Level.PROBLEM
        assert "it refuses messages (OOM)" in found["memory"].said

    def test_that_is_a_replica_is_named(self, tmp_path):
        with own_valkey(tmp_path, f"replicaof 127.0.0.1 {any_free_port()}") as valkey:
            found = setup_of(valkey.url())

        assert "replica" in found["part"].said

    def test_that_keeps_its_user_short_is_a_note_and_no_problem(self, tmp_path):
        with own_valkey(tmp_path, "user worker on >w ~* &* +@all -@dangerous +ping") as valkey:
            found = setup_of(valkey.url(login="worker:w@"))

        assert found["eviction policy"].level is Level.NOTE
        assert "`CONFIG GET maxmemory-policy` must say noeviction" in found["eviction policy"].remedy
        assert Level.PROBLEM not in {finding.level for finding in found.values()}

    def test_is_not_the_place_of_the_results(self, tmp_path):
        with (
            own_valkey(tmp_path) as valkey,
            configured(valkey.url(), f"redis://127.0.0.1:{any_free_port()}/0"),
        ):
            [found] = broker.results(patience_seconds=PATIENCE)

        assert found.level is Level.PROBLEM
        assert "CELERY_RESULT_BACKEND" in found.remedy

    def test_keeps_results_that_never_expire(self, tmp_path):
        with own_valkey(tmp_path) as valkey:
            with redis.Redis(port=valkey.port, password=PASSWORD) as client:
                client.set("celery-task-meta-1", "{}")
                client.set("celery-task-meta-2", "{}", ex=60)
            with configured(valkey.url()):
                [found] = memory.kept_results(patience_seconds=PATIENCE)

        assert found.level is Level.WARNING
        assert "1 of 2 answers" in found.said

    def test_holds_messages_that_nobody_routed(self, tmp_path):
        with own_valkey(tmp_path) as valkey:
            with redis.Redis(port=valkey.port, password=PASSWORD) as client:
                client.lpush("celery", "{}")
                client.lpush("emails\x06\x168", "{}", "{}")
                client.lpush("emails", "{}")
                client.sadd("_kombu.binding.emails", "emails\x06\x16\x06\x16emails")
                client.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
            with configured(valkey.url()):
                waiting, stray = work.queue_lengths(patience_seconds=PATIENCE)

        assert waiting.said == "Waiting in the queues: emails 3."
        assert "1 messages lie in the queue celery" in stray.said
