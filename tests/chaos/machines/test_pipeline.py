"""
The pipeline, under every sequence of mishaps that hypothesis can think of.
"""

from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError
from hypothesis.stateful import run_state_machine_as_test

from pipeline import connections
from pipeline.dead_letters import CannotRevive
from tests.chaos.machines.mutants import MUTANTS, Mutant
from tests.chaos.machines.nights import NIGHTS
from tests.chaos.machines.pipeline_machine import PipelineMachine
from tests.chaos.machines.plant import Plant, running_plant


@pytest.fixture
def plant(transactional_db, monkeypatch) -> Iterator[Plant]:
    # How long a lost connection is waited for between two tries: only time would be lost here.
    monkeypatch.setattr(connections, "PAUSE_SECONDS", 0.001)
    with running_plant() as plant:
        yield plant


class TestBadNight:
    @pytest.mark.parametrize("night", NIGHTS, ids=lambda night: night.__name__)
    def test_ends_well(self, plant: Plant, night: Callable[[Plant], None]):
        night(plant)


class TestPipeline:
    def test_keeps_every_promise_once_whatever_befalls_it(self, plant: Plant):
        run_state_machine_as_test(lambda: PipelineMachine(plant))


class TestMutant:
    """
    What cannot fail proves nothing: the nights must tell the engine from one that lacks a safeguard.
    """

    @pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
    def test_is_caught(self, plant: Plant, mutant: Mutant):
        with mutant.at_work():
            assert caught_by(plant), f"no night tells the engine from the mutant '{mutant.name}'"


def caught_by(plant: Plant) -> str:
    """
    The first night that does not end well, '' for none.
    """
    for night in NIGHTS:
        try:
            night(plant)
        except (AssertionError, IntegrityError, CannotRevive):
            return night.__name__
    return ""
