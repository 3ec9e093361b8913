"""
The pipeline, under every sequence of mishaps that hypothesis can think of.
"""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from pipeline import connections
from tests.chaos.machines.mutants import STATEMENTS, Mutant, effects_outside_the_transaction
from tests.chaos.machines.pipeline_machine import PipelineMachine
from tests.chaos.machines.plant import Plant, running_plant


@pytest.fixture
def plant(transactional_db, monkeypatch) -> Iterator[Plant]:
    # How long a lost connection is waited for between two tries: only time would be lost here.
    monkeypatch.setattr(connections, "PAUSE_SECONDS", 0.001)
    with running_plant() as plant:
        yield plant


class TestPipeline:
    def test_keeps_every_promise_once_whatever_befalls_it(self, plant: Plant):
        run_state_machine_as_test(lambda: PipelineMachine(plant))


class TestTheMachineItself:
    @pytest.mark.parametrize("mutant", STATEMENTS, ids=lambda mutant: mutant.name)
    def test_notices_when_a_safeguard_is_taken_out(self, plant: Plant, mutant: Mutant):
        with mutant.at_work(), pytest.raises(Exception) as caught:
            run_state_machine_as_test(
                lambda: PipelineMachine(plant), settings=settings(phases=[Phase.generate], max_examples=40)
            )
        print(mutant.name, "->", repr(caught.value)[:300])

    def test_notices_effects_outside_the_transaction(self, plant: Plant):
        with effects_outside_the_transaction(), pytest.raises(AssertionError, match="effects"):
            run_state_machine_as_test(
                lambda: PipelineMachine(plant), settings=settings(phases=[Phase.generate], max_examples=40)
            )
