"""
A worker that cannot work says why, and what to do, instead of starting.
"""

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from pipeline import restored
from pipeline.models import DatabaseMark
from rms_backend.starting import stop_if_something_is_wrong


@pytest.mark.django_db
class TestWorker:
    def test_starts_when_all_is_well(self):
        stop_if_something_is_wrong()

    def test_does_not_start_with_a_route_to_nowhere(self):
        with (
            override_settings(CELERY_TASK_ROUTES={"payments.tasks.x": {"queue": "emals"}}),
            pytest.raises(SystemExit, match="Did you mean 'emails'"),
        ):
            stop_if_something_is_wrong()

    def test_does_not_start_on_a_configured_database_that_lacks_tables(self):
        [newest] = MigrationLoader(connection).graph.leaf_nodes("pipeline")
        MigrationRecorder(connection).record_unapplied(*newest)

        with (
            override_settings(DATABASE_IS_EMBEDDED=False),
            pytest.raises(SystemExit, match=r"lacks 1 migrations\. Run `python manage\.py migrate`"),
        ):
            stop_if_something_is_wrong()

    @pytest.mark.parametrize(
        ("broker", "debug", "starts"),
        [
            ("redis://127.0.0.1:6379/0", True, True),
            ("redis://:secret@broker.example.com/0", False, True),
            ("redis://broker.example.com/0", True, False),
            ("redis://127.0.0.1:6379/0", False, False),
            ("redis://rms:@broker.example.com/0", True, False),
            ("redis://rms@broker.example.com/0", True, False),
            ("rediss://broker.example.com/0", True, False),
            ("sentinel://broker.example.com:26379/0", True, False),
            ("sentinel://:secret@one:26379;sentinel://:secret@two:26379/0", False, True),
            ("redis:///0", True, True),
            ("redis+socket:///run/redis/redis.sock", False, True),
        ],
    )
    def test_does_not_start_on_a_broker_without_a_password_unless_it_is_its_own_machines(
        self, broker, debug, starts
    ):
        with override_settings(CELERY_BROKER_URL=broker, CELERY_RESULT_BACKEND=broker, DEBUG=debug):
            if starts:
                stop_if_something_is_wrong()
            else:
                with pytest.raises(SystemExit, match=r"has no password\. Set requirepass"):
                    stop_if_something_is_wrong()

    def test_does_not_start_on_a_database_that_was_restored(self):
        restored.settle_here()
        DatabaseMark.objects.update(table_oid=1)

        with pytest.raises(
            SystemExit, match=r"restored from a backup, or copied\. Run `python manage\.py after_restore`"
        ):
            stop_if_something_is_wrong()

    def test_does_not_start_on_a_result_backend_without_a_password(self):
        with (
            override_settings(CELERY_RESULT_BACKEND="redis://answers.example.com/0"),
            pytest.raises(SystemExit, match=r"result backend at answers\.example\.com has no password"),
        ):
            stop_if_something_is_wrong()

    @pytest.mark.parametrize(("query", "starts"), [("", True), ("?ssl_cert_reqs=none", False)])
    def test_does_not_start_where_certificates_are_not_looked_at(self, query, starts):
        broker = f"rediss://:secret@broker.example.com/0{query}"
        with override_settings(CELERY_BROKER_URL=broker, CELERY_RESULT_BACKEND=broker, DEBUG=False):
            if starts:
                stop_if_something_is_wrong()
            else:
                with pytest.raises(SystemExit, match=r"anybody in between .* Write ssl_cert_reqs=required"):
                    stop_if_something_is_wrong()


class TestDeploymentCheck:
    @pytest.mark.parametrize(
        ("broker", "warns"),
        [
            ("redis://:secret@redis.example.com/0", True),
            ("redis://:secret@8.8.8.8/0", True),
            ("rediss://:secret@redis.example.com/0", False),
            ("redis://:secret@127.0.0.1/0", False),
            ("redis://:secret@10.0.0.5/0", False),
            ("redis://:secret@redis/0", False),
            ("redis://:secret@redis.internal/0", False),
        ],
    )
    def test_warns_of_a_password_of_redis_in_the_clear(self, broker, warns):
        with override_settings(CELERY_BROKER_URL=broker, CELERY_RESULT_BACKEND=broker):
            assert ("rms.W003" in problems()) == warns

    @pytest.mark.parametrize(("encrypted", "warns"), [(True, False), (False, True)])
    def test_warns_of_a_password_of_the_mail_server_in_the_clear(self, encrypted, warns):
        with override_settings(
            EMAIL_HOST="smtp.example.com",
            EMAIL_HOST_USER="shop",
            EMAIL_USE_TLS=encrypted,
            EMAIL_USE_SSL=False,
        ):
            assert ("rms.W004" in problems()) == warns

    def test_warns_of_letters_that_come_from_nowhere(self):
        assert "rms.W005" in problems()
        with override_settings(DEFAULT_FROM_EMAIL="Pizza <noreply@pizza.example>"):
            assert "rms.W005" not in problems()


def problems() -> set[str]:
    return {problem.id for problem in run_checks(include_deployment_checks=True)}
