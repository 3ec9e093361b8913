from django.test import TestCase

from pipeline import lanes
from pipeline.claims import Claim
from pipeline.models import State
from pipeline.queues import Queue
from pipeline.testing import database_step, history_of, make_due, promised, run_of, seconds_until_due


class TestClaim(TestCase):
    def setUp(self):
        self.step = self.enterContext(database_step())

    def test_takes_what_is_promised_and_counts_the_attempt_before_the_work(self):
        promised(self.step, 1, 2)

        claim = Claim.take(step=self.step, subjects=[1, 2])

        self.assertEqual(claim.subjects, [1, 2])
        self.assertEqual([claim.attempts[n].number for n in (1, 2)], [1, 1])
        self.assertEqual([run_of(self.step, n).attempts for n in (1, 2)], [1, 1])

    def test_holds_for_the_lease_and_not_longer(self):
        promised(self.step, 1)

        Claim.take(step=self.step, subjects=[1])

        self.assertAlmostEqual(seconds_until_due(self.step, 1), self.step.lease_seconds, delta=2)

    def test_leaves_alone_what_somebody_else_holds(self):
        promised(self.step, 1)
        Claim.take(step=self.step, subjects=[1])

        second = Claim.take(step=self.step, subjects=[1])

        self.assertEqual(second.subjects, [])

    def test_leaves_alone_what_waits_for_its_time_unless_asked_by_hand(self):
        promised(self.step, 1)
        Claim.take(step=self.step, subjects=[1]).fail(1, because="no answer", wait=60, unknown=False)

        early = Claim.take(step=self.step, subjects=[1])
        by_hand = Claim.take(step=self.step, subjects=[1], by_hand=True)

        self.assertEqual(early.subjects, [])
        self.assertEqual(by_hand.attempts[1].number, 2)

    def test_leaves_alone_what_is_at_rest(self):
        promised(self.step, 1, 2)
        claim = Claim.take(step=self.step, subjects=[1, 2])
        claim.finish({1: {}})
        claim.fail(2, because="never", wait=None, unknown=False)

        again = Claim.take(step=self.step, subjects=[1, 2], by_hand=True)

        self.assertEqual(again.subjects, [])

    def test_takes_nothing_on_a_paused_lane(self):
        promised(self.step, 1)
        lanes.pause(lane=Queue.DEFAULT, by="anna", reason="till is rebooted")

        self.assertEqual(Claim.take(step=self.step, subjects=[1]).subjects, [])

    def test_takes_what_died_with_a_worker_only_by_itself(self):
        promised(self.step, 1, 2)
        run = run_of(self.step, 1)
        run.alone = True
        run.save()

        in_company = Claim.take(step=self.step, subjects=[1, 2])
        by_itself = Claim.take(step=self.step, subjects=[1])

        self.assertEqual((in_company.subjects, by_itself.subjects), ([2], [1]))


class TestEndOfAClaim(TestCase):
    def setUp(self):
        self.step = self.enterContext(database_step())
        promised(self.step, 1)
        self.claim = Claim.take(step=self.step, subjects=[1])

    def test_is_done_with_its_report_and_no_history_after_a_clean_first_success(self):
        ours = self.claim.finish({1: {"points": 7}})

        run = run_of(self.step, 1)
        self.assertEqual((ours, run.state, run.report, run.due_at), ([1], State.DONE, {"points": 7}, None))
        self.assertEqual(history_of(self.step, 1), [])

    def test_tells_in_the_history_that_it_needed_more_than_one_attempt(self):
        self.claim.fail(1, because="no answer", wait=60, unknown=False)
        make_due(self.step, 1)

        Claim.take(step=self.step, subjects=[1]).finish({1: {}})

        self.assertEqual(history_of(self.step, 1), ["failed", "recovered"])

    def test_is_refused_to_a_worker_that_was_away_for_too_long(self):
        zombie = self.claim
        self.claim.fail(1, because="taken over", wait=0, unknown=False)
        Claim.take(step=self.step, subjects=[1], by_hand=True)

        ours = zombie.finish({1: {}})
        failed = zombie.fail(1, because="late", wait=None, unknown=False)

        self.assertEqual((ours, failed), ([], None))
        self.assertEqual(run_of(self.step, 1).state, State.RUNNING)

    def test_forgets_that_something_was_sent_when_its_failure_is_known(self):
        self.claim.mark_sending()
        self.claim.fail(1, because="refused for now", wait=0, unknown=False)

        self.assertFalse(Claim.take(step=self.step, subjects=[1], by_hand=True).attempts[1].outcome_unknown)

    def test_remembers_an_unknown_outcome(self):
        self.claim.mark_sending()
        self.claim.fail(1, because="connection lost", wait=0, unknown=True)

        self.assertTrue(Claim.take(step=self.step, subjects=[1], by_hand=True).attempts[1].outcome_unknown)

    def test_does_not_count_an_attempt_that_was_postponed(self):
        self.claim.postpone(1, because="breaker open", wait=30)

        run = run_of(self.step, 1)
        self.assertEqual((run.state, run.attempts), (State.WAITING, 0))
