"""
A worker that cannot work says why, and what to do, instead of starting.
"""

import pytest
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
        ],
    )
    def test_does_not_start_on_a_broker_without_a_password_unless_it_is_its_own_machines(
        self, broker, debug, starts
    ):
        with override_settings(CELERY_BROKER_URL=broker, DEBUG=debug):
            if starts:
                stop_if_something_is_wrong()
            else:
                with pytest.raises(SystemExit, match=r"has no password\. Set requirepass"):
                    stop_if_something_is_wrong()

    def test_does_not_start_on_a_database_that_was_restored(self):
        restored.is_elsewhere()
        DatabaseMark.objects.update(table_oid=1)

        with pytest.raises(
            SystemExit, match=r"restored from a backup, or copied\. Run `python manage\.py after_restore`"
        ):
            stop_if_something_is_wrong()
