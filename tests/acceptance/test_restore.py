"""
A database restored from a backup sends no letter of last night again, and rings nothing up twice.
"""

import os
import subprocess

import pytest
from django.db import connection

from devtools.show.crew import DidNotStart
from embedded.accounts import postgres_account
from embedded.binaries import postgres_programs
from payments import tasks
from pipeline.dead_letters import revive
from pipeline.models import State, StepRun
from tests.acceptance.house import House

pytestmark = pytest.mark.acceptance

LETTERS = (tasks.send_order_confirmation_email_task.name, tasks.send_staff_notification_task.name)


@pytest.fixture
def program(house: House, tmp_path):
    """
    Calls one of PostgreSQL's programs with the address of the house's database.
    """
    folder = postgres_programs(postgres_account(), room=tmp_path)

    def call(name: str, *words: str) -> None:
        connection.close()
        at = house.addresses
        address = [
            "--host",
            at.postgres_host,
            "--username",
            at.postgres_user,
            "--dbname",
            at.postgres_database,
        ]
        done = subprocess.run(
            [folder / name, *address, *words],
            env={**os.environ, "PGPASSWORD": at.postgres_password},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    return call


class TestRestoredDatabase:
    def test_sends_nothing_again_and_loses_nothing(self, house: House, program, tmp_path):
        backup = str(tmp_path / "backup.dump")
        house.wait_for(lambda: house.crew.says("worker", "ready."), lambda: "no worker")
        earlier = house.orders(1)
        house.pay(earlier)
        house.wait_until_at_rest(earlier)
        house.stop("worker")
        orders = house.orders(5)
        house.pay(orders)

        program("pg_dump", "--format=custom", f"--file={backup}")
        house.start_worker()
        house.wait_until_at_rest(orders)
        house.stop("worker")
        program("pg_restore", "--clean", "--if-exists", backup)
        with pytest.raises(
            DidNotStart, match=r"restored from a backup, or copied\. Run `python manage\.py after_restore`"
        ):
            house.start_worker()
        released = house.manage("after_restore", "--by", "anna")
        house.start_worker()
        house.wait_until_at_rest(orders)

        assert released.returncode == 0, released.stderr
        assert "10 steps lie buried" in released.stdout
        assert "5 orders will be looked up" in released.stdout
        runs = StepRun.objects.filter(order_id__in=[order.pk for order in orders])
        assert set(runs.filter(step__in=LETTERS).values_list("state", flat=True)) == {State.BURIED}
        assert set(runs.exclude(step__in=LETTERS).values_list("state", flat=True)) == {State.DONE}
        assert [house.letters(order, "confirmation") for order in orders] == [1] * 5
        assert [len(house.till.orders(reference_id=str(order.public_id))) for order in orders] == [1] * 5
        revive(order_id=orders[0].pk, step=LETTERS[0], by="anna", reason="the mail server never saw it")
        house.wait_for(lambda: house.letters(orders[0], "confirmation") == 2, lambda: "not sent again")

    def test_can_simply_go_on_when_nothing_was_sent_since(self, house: House, program, tmp_path):
        backup = str(tmp_path / "backup.dump")
        house.stop("worker")
        orders = house.orders(2)
        house.pay(orders)
        program("pg_dump", "--format=custom", f"--file={backup}")
        assert house.manage("after_restore").returncode == 1  # this is no copy

        program("pg_restore", "--clean", "--if-exists", backup)
        released = house.manage("after_restore", "--nothing-was-sent-since")
        house.start_worker()

        assert released.returncode == 0, released.stderr
        house.wait_until_at_rest(orders)
        house.assert_each_step_happened_once(orders)
