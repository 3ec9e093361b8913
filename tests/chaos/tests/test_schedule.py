from contextlib import nullcontext
from itertools import pairwise

import pytest

from tests.chaos.storm.catalogue import FAULTS, NOT_RUN, WORKERS
from tests.chaos.storm.fault import Fault
from tests.chaos.storm.schedule import plan_storm

TEN_MINUTES = 600.0


def fault(name, *, holds=("web",), lasts=0.0, early=False):
    return Fault(
        component="web",
        name=name,
        strike=lambda _scene: nullcontext(),
        holds=frozenset(holds),
        lasts_seconds=lasts,
        early=early,
    )


class TestStorm:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self):
        storms = [plan_storm(FAULTS, seed=seed, begins=5, ends=100) for seed in (7, 7, 8)]

        assert storms[0] == storms[1]
        assert storms[0] != storms[2]

    def test_begins_and_ends_in_time(self):
        storm = plan_storm(FAULTS, seed=7, begins=60, ends=TEN_MINUTES)

        assert storm[0].at_seconds == 60
        assert max(planned.mended_at_seconds for planned in storm) <= TEN_MINUTES

    def test_strikes_every_few_seconds(self):
        storm = plan_storm(FAULTS, seed=7, begins=60, ends=TEN_MINUTES)

        gaps = [later.at_seconds - earlier.at_seconds for earlier, later in pairwise(storm)]
        assert sum(gaps) / len(gaps) < 8

    def test_has_every_fault_of_the_catalogue_in_ten_minutes(self):
        storm = plan_storm(FAULTS, seed=7, begins=60, ends=TEN_MINUTES)

        missed = {one.title for one in FAULTS} - {planned.fault.title for planned in storm}
        assert not missed, f"{missed} never struck: make the gaps shorter, or rest less"

    @pytest.mark.parametrize("seed", range(5))
    def test_never_breaks_what_is_broken_already(self, seed):
        storm = plan_storm(FAULTS, seed=seed, begins=5, ends=300)

        for earlier in storm:
            for later in storm[earlier.number :]:
                if earlier.fault.holds & later.fault.holds:
                    assert later.at_seconds >= earlier.mended_at_seconds + earlier.fault.rests_seconds

    def test_begins_with_those_that_come_early(self):
        faults = [fault("late", holds=["a"]), fault("early", holds=["b"], early=True)]

        storm = plan_storm(faults, seed=1, begins=0, ends=6)

        assert storm[0].fault.name == "early"

    def test_leaves_out_what_would_last_too_long(self):
        assert plan_storm([fault("long", lasts=50)], seed=1, begins=0, ends=49) == []


class TestCatalogue:
    def test_names_each_fault_once(self):
        titles = [one.title for one in FAULTS]

        assert len(titles) == len(set(titles))

    def test_says_why_it_does_not_run_what_it_does_not_run(self):
        assert all(cell.because for cell in NOT_RUN)

    def test_holds_all_workers_where_it_strikes_all_workers(self):
        (all_at_once,) = [one for one in FAULTS if one.name == "kill -9 of all at once"]

        assert all_at_once.holds == frozenset(WORKERS)
