import itertools

from django.test import SimpleTestCase

from pipeline.nudge import LONGEST_GAP_SECONDS, SHORTEST_GAP_SECONDS, next_gap


class TestGap(SimpleTestCase):
    def after(self, *came: int) -> float:
        *_, gap = itertools.accumulate(
            came, lambda gap, n: next_gap(gap, came=n), initial=SHORTEST_GAP_SECONDS
        )
        return gap

    def test_stays_short_where_payments_come_one_by_one(self):
        self.assertEqual(self.after(1, 2, 1, 3, 1), SHORTEST_GAP_SECONDS)

    def test_grows_where_many_come_and_is_never_longer_than_a_tenth_of_a_second(self):
        self.assertEqual(self.after(*[50] * 20), LONGEST_GAP_SECONDS)

    def test_is_short_again_when_it_calms_down(self):
        self.assertEqual(self.after(*[50] * 20, 1, 1, 1), SHORTEST_GAP_SECONDS)
