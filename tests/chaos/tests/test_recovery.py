import math

from devtools.stripe_sender import Delivery
from tests.chaos.check.recovery import Times, answers, by_fault, recovery
from tests.chaos.storm.catalogue import FAULTS
from tests.chaos.storm.schedule import Planned
from tests.chaos.storm.strikes import Struck
from tests.chaos.stripe_calls import Heard

FAULT = FAULTS[0]


def struck(began, mended, *, trouble=""):
    return Struck(
        planned=Planned(number=1, at_seconds=0, fault=FAULT), began=began, mended=mended, trouble=trouble
    )


def heard(at, seconds, *, status=200):
    return Heard(
        at=at, delivery=Delivery(event_id="evt_1", type="charge.succeeded", status=status, seconds=seconds)
    )


class TestRecovery:
    def test_lasts_until_the_last_order_accepted_before_the_mending_is_at_rest(self):
        accepted, rested = {"a": 90.0, "b": 99.0, "later": 101.0}, {"a": 95.0, "b": 112.5, "later": 300.0}

        assert recovery(struck(95, 100), accepted_at=accepted, at_rest_since=rested) == 12.5

    def test_is_nothing_where_all_had_come_to_rest_before(self):
        assert recovery(struck(95, 100), accepted_at={"a": 90.0}, at_rest_since={"a": 91.0}) == 0

    def test_never_ends_where_an_order_never_came_to_rest(self):
        assert recovery(struck(95, 100), accepted_at={"a": 90.0}, at_rest_since={}) == math.inf

    def test_is_not_reckoned_for_a_fault_that_could_not_be_made(self):
        assert by_fault([struck(1, 2, trouble="OSError")], accepted_at={}, at_rest_since={}) == {}


class TestAnswers:
    def test_are_parted_into_calm_ones_those_under_faults_and_failures(self):
        calm, stormy, failed = answers(
            [heard(10, 0.1), heard(99, 2.0), heard(104, 0.3), heard(106, 0.2), heard(100, 1, status=500)],
            [struck(100, 100)],
        )

        assert (calm.count, calm.max) == (2, 0.2)
        assert (stormy.count, stormy.max) == (2, 2.0)
        assert failed == 1


class TestTimes:
    def test_are_told_by_nearest_rank(self):
        times = Times.of(range(1, 101))

        assert (times.p50, times.p95, times.p99, times.max) == (50, 95, 99, 100)

    def test_of_nothing_are_no_numbers(self):
        assert math.isnan(Times.of([]).p50)
