"""
Of each step with failed attempts the watch learns how many there were, and how many worked out meanwhile.
"""

from django.test import TestCase

from pipeline import troubles
from pipeline.claims import Claim
from pipeline.statements import execute
from pipeline.testing import database_step, promised
from pipeline.troubles import Trouble


class TestTroubles(TestCase):
    def setUp(self):
        self.first = self.enterContext(database_step())
        self.second = self.enterContext(database_step(name="change_more_task"))

    def tried(self, step, *, failed, done):
        """
        Orders that failed, and others that were done.
        """
        orders = list(range(1, failed + done + 1))
        promised(step, *orders)
        claim = Claim.take(step=step, subjects=orders)
        for order in orders[:failed]:
            claim.fail(order, because="busy", wait=60, unknown=False)
        if done:
            claim.finish(dict.fromkeys(orders[failed:]))

    def test_are_counted_by_step(self):
        self.tried(self.first, failed=1, done=3)
        self.tried(self.second, failed=2, done=0)

        found = troubles.by_step(within_seconds=60)

        self.assertCountEqual(
            found,
            [
                Trouble(step=self.first.name, failed=1, buried=0, done=3),
                Trouble(step=self.second.name, failed=2, buried=0, done=0),
            ],
        )

    def test_leave_out_a_step_with_few_failures(self):
        self.tried(self.first, failed=1, done=0)
        self.tried(self.second, failed=2, done=5)

        [found] = troubles.by_step(within_seconds=60, at_least=2)

        self.assertEqual((found.step, found.done), (self.second.name, 5))

    def test_do_not_count_what_was_done_earlier(self):
        self.tried(self.first, failed=1, done=3)
        execute(
            "UPDATE pipeline_steprun SET finished_at = finished_at - interval '2 minutes' WHERE state = 'done'"
        )

        [found] = troubles.by_step(within_seconds=60)

        self.assertEqual(found.done, 0)
