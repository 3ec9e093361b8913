"""
Each step of the menu fails by its policy of the seed, is buried at the end, and done once it is revived.
"""

from contextlib import contextmanager

from django.db import connection

from payments import tasks
from payments.tests.test_tasks import MailTestCase, TaskTestCase, TillTestCase
from pipeline.dead_letters import revive
from pipeline.models import State
from pipeline.testing import history_of, make_due, run_of, seconds_until_due

JITTER = 0.10


class PolicyMixin:
    """
    Drives one step through all its attempts. `broken()` makes its work impossible for as long as it is entered.
    """

    def assert_fails_by_its_policy(self, waits, broken):
        with broken:
            found = [self.fail() for _ in waits]
            self.dispatched(self.order)
            buried = run_of(self.step, self.order.pk)
        for wait, expected in zip(found, waits, strict=True):
            self.assertAlmostEqual(wait, expected, delta=expected * JITTER + 2)
        self.assertEqual((buried.state, buried.attempts), (State.BURIED, len(waits) + 1))

        revive(order_id=self.order.pk, step=self.step.name, by="anna", reason="mended")
        self.dispatched(self.order)

        self.assertEqual(run_of(self.step, self.order.pk).state, State.DONE)
        self.assertEqual(
            history_of(self.step, self.order.pk), ["failed"] * len(waits) + ["buried", "revived"]
        )

    def fail(self):
        self.dispatched(self.order)
        wait = seconds_until_due(self.step, self.order.pk)
        make_due(self.step, self.order.pk)
        return wait


@contextmanager
def without_table(name):
    """
    A database in which nothing can be written to this table.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {name} ADD CONSTRAINT broken CHECK (false) NOT VALID")
        yield
        cursor.execute(f"ALTER TABLE {name} DROP CONSTRAINT broken")


class TestEmailPolicy(PolicyMixin, MailTestCase):
    task = tasks.send_order_confirmation_email_task

    def test_is_three_retries_after_sixty_seconds(self):
        self.assert_fails_by_its_policy([60, 120, 240], busy(self.mailbox))


class TestStaffPolicy(PolicyMixin, MailTestCase):
    task = tasks.send_staff_notification_task

    def test_is_three_retries_after_thirty_seconds(self):
        self.assert_fails_by_its_policy([30, 60, 120], busy(self.mailbox))


class TestPosPolicy(PolicyMixin, TillTestCase):
    task = tasks.sync_order_to_pos_task

    def test_is_five_retries_after_two_minutes(self):
        self.assert_fails_by_its_policy([120, 240, 480, 960, 1920], down(self.till))


class TestDatabasePolicies(PolicyMixin, TaskTestCase):
    def test_are_those_of_the_seed(self):
        policies = {
            tasks.record_payment_analytics_task: ([30, 60], "analytics_salefact"),
            tasks.process_loyalty_rewards_task: ([60, 120, 240], "loyalty_loyaltyentry"),
            tasks.update_inventory_levels_task: ([45, 90, 180], "inventory_stockmovement"),
        }
        for task, (waits, table) in policies.items():
            with self.subTest(task.name):
                self.task, self.step = task, self.step_of(task)

                self.assert_fails_by_its_policy(waits, without_table(table))


@contextmanager
def busy(mailbox):
    """
    A mail server that takes nothing for now.
    """
    mailbox.break_down("refuse_temporarily", phase="rcpt")
    yield
    mailbox.mend()


@contextmanager
def down(till):
    """
    A till that answers 503.
    """
    till.break_down("server_error", status=503)
    yield
    till.mend()
