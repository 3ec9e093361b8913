from django.test import TestCase

from pipeline import stopping
from pipeline.models import State, StepRun
from pipeline.runner import carry_out
from pipeline.testing import Sink, outside_step, promised, run_of


class TestWorkerThatIsAskedToStop(TestCase):
    def setUp(self):
        self.addCleanup(lambda: stopping._asked.__setitem__(0, 0))

    def test_finishes_what_is_under_way_and_hands_the_rest_back_untried(self):
        sink = Sink(behaviour=lambda _attempt: stopping.stop_taking_on() or {})

        with outside_step(sink, at_once=2) as step:
            promised(step, 1, 2, 3, 4, 5)
            StepRun.objects.update(state=State.SENT)
            carry_out(step, [1, 2, 3, 4, 5])
            rows = [run_of(step, order) for order in (1, 2, 3, 4, 5)]

        self.assertEqual([row.state for row in rows[:2]], ["done", "done"])
        self.assertLessEqual({row.state for row in rows[2:]}, {"promised", "waiting"})
        self.assertEqual([row.attempts for row in rows], [1, 1, 0, 0, 0])
        self.assertEqual(len(sink.attempts), 2)
