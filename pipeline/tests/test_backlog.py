from django.test import TestCase

from pipeline import backlog, dispatcher, lanes
from pipeline.claims import Claim
from pipeline.queues import Queue
from pipeline.testing import database_step, make_due, promised


class TestBacklog(TestCase):
    def setUp(self):
        self.step = self.enterContext(database_step(queue=Queue.LOYALTY))

    def of(self, lane):
        return next(found for found in backlog.by_lane() if found.lane == lane)

    def test_of_an_empty_house_is_nothing_on_seven_lanes(self):
        found = backlog.by_lane()

        self.assertEqual([lane.lane for lane in found], [queue.value for queue in Queue])
        self.assertEqual(
            {(lane.open, lane.due, lane.buried, lane.overdue_seconds) for lane in found}, {(0, 0, 0, 0)}
        )

    def test_counts_what_waits_runs_and_is_due(self):
        promised(self.step, 1, 2, 3)
        make_due(self.step, 1, 2)
        Claim.take(step=self.step, subjects=[3])

        found = self.of("loyalty")

        self.assertEqual((found.open, found.running, found.due), (2, 1, 2))
        self.assertGreaterEqual(found.overdue_seconds, 1)

    def test_is_as_old_as_the_first_message_that_nobody_took(self):
        promised(self.step, 1)
        for seconds_later in (40, 120):  # sent at 0 and 40 s; at 120 s it is due for the third time
            make_due(self.step, 1)
            dispatcher.dispatch()
            self.assertLess(self.of("loyalty").overdue_seconds, seconds_later + 1)
            self.assertEqual(self.of("loyalty").due, 0)

        found = self.of("loyalty").overdue_seconds

        self.assertGreater(found, 40)

    def test_is_not_old_while_it_waits_for_its_next_try(self):
        promised(self.step, 1)
        claim = Claim.take(step=self.step, subjects=[1])
        claim.fail(1, because="no", wait=3_600, unknown=False)

        self.assertEqual(self.of("loyalty").overdue_seconds, 0)

    def test_counts_the_buried_apart(self):
        promised(self.step, 1)
        claim = Claim.take(step=self.step, subjects=[1])
        claim.fail(1, because="no", wait=None, unknown=False)

        self.assertEqual((self.of("loyalty").open, self.of("loyalty").buried), (0, 1))

    def test_names_a_paused_lane(self):
        lanes.pause(lane=Queue.LOYALTY, by="anna", reason="stocktaking")

        self.assertEqual([lane.lane for lane in backlog.by_lane() if lane.paused], ["loyalty"])

    def test_shows_a_lane_that_the_code_does_not_know_any_more(self):
        [run] = promised(self.step, 1)
        run.lane = "yesterday"
        run.save()

        self.assertEqual(self.of("yesterday").open, 1)
