"""
Whoever dies, stands still or fails at any dangerous place: each follow-up still happens exactly once.

An ordinary run kills at every point and takes a few of the other cases; SWEEP=full takes them all.
"""

import os

import pytest

from tests.chaos.sweep.conftest import SEED
from tests.chaos.sweep.roads import Case, all_cases, slice_of_cases
from tests.chaos.sweep.scene import Scene

pytestmark = pytest.mark.acceptance

CASES = all_cases() if os.environ.get("SWEEP") == "full" else slice_of_cases(SEED)


class TestEachFollowUpHappensExactlyOnce:
    @pytest.mark.parametrize("case", CASES, ids=str)
    def test_when_a_process_crashes_at(self, scene: Scene, case: Case):
        scene.play(case)

    def test_when_all_is_counted_again_at_the_end(self, scene: Scene):
        scene.house.assert_each_step_happened_once(scene.played, letters_twice_at_most=scene.copies_allowed)
