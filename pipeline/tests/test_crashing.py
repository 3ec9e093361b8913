"""
Crash points cost nothing where nobody listens, and a wish is fulfilled once.
"""

import os
import threading
import timeit
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline import crash_points, crashing
from pipeline.crash_points import Point, crash_point
from pipeline.crashing import Action, NoSuchWish, ProvokedCrash, ProvokedTrouble, Wish

CLAIMED = "claimed@sync_order_to_pos"
POS = "payments.tasks.sync_order_to_pos_task"


@pytest.fixture
def wishes(tmp_path):
    file = tmp_path / "wish"
    crash_points.listen(crashing.obey(file))
    yield file
    crash_points.listen(None)


class TestCrashPoint:
    def test_costs_less_than_a_microsecond_where_nobody_listens(self):
        calls = 20_000

        took = min(timeit.repeat(lambda: crash_point(Point.CLAIMED, POS), number=calls, repeat=5)) / calls

        assert took < 1e-6

    def test_is_passed_where_nobody_wishes_for_anything(self, wishes):
        crash_point(Point.CLAIMED, POS)

    @pytest.mark.parametrize("other", ["fenced", "promised", "claimed@update_inventory_levels"])
    def test_is_passed_where_somebody_wishes_for_another(self, wishes, other):
        wishes.write_text(f"{other}:1:raise" if other != "fenced" else "inside.fenced:1:raise")

        crash_point(Point.CLAIMED, POS)

        assert wishes.exists()

    @pytest.mark.parametrize(("action", "error"), [("raise", ProvokedTrouble), ("vanish", ProvokedCrash)])
    def test_raises_what_was_wished_for_and_only_once(self, wishes, action, error):
        wishes.write_text(f"{CLAIMED}:1:{action}")

        with pytest.raises(error):
            crash_point(Point.CLAIMED, POS)
        crash_point(Point.CLAIMED, POS)

        assert told(wishes) == str(os.getpid())

    def test_waits_for_the_one_that_was_wished_for(self, wishes):
        wishes.write_text("claimed:3:raise")

        crash_point(Point.CLAIMED)
        crash_point(Point.CLAIMED)
        with pytest.raises(ProvokedTrouble):
            crash_point(Point.CLAIMED)

    def test_strikes_one_of_many_threads(self, wishes):
        wishes.write_text("claimed:1:raise")
        together = threading.Barrier(8)

        with ThreadPoolExecutor(8) as threads:
            struck = [threads.submit(passes, together) for _ in range(8)]

        assert sorted(type(result.exception()) for result in struck if result.exception()) == [
            ProvokedTrouble
        ]

    def test_that_crashes_without_a_death_is_no_failure_that_anybody_catches(self):
        assert not issubclass(ProvokedCrash, Exception)


class TestWish:
    @pytest.mark.parametrize(
        "text", ["claimed", "claimed@sync_order_to_pos", "claimed:2", "claimed@x:3:stop"]
    )
    def test_says_what_it_read(self, text):
        wish = Wish.read(text)

        assert Wish.read(str(wish)) == wish

    def test_is_for_a_death_at_the_first_time_unless_it_says_otherwise(self):
        assert Wish.read("claimed") == Wish(point=Point.CLAIMED, nth=1, action=Action.KILL)

    @pytest.mark.parametrize("text", ["", "claimed:0", "claimed:1:faint", "claimed:kill", "claimed:1:kill:2"])
    def test_that_is_none_says_how_one_reads(self, text):
        with pytest.raises(NoSuchWish, match=r"name\[@step\]\[:nth\[:action\]\]|no crash point ''"):
            Wish.read(text)

    def test_for_a_point_that_does_not_exist_is_told_which_ones_do(self):
        with pytest.raises(NoSuchWish, match="Did you mean one of: claimed"):
            Wish.read("clamed")


def passes(together: threading.Barrier) -> None:
    together.wait(10)
    crash_point(Point.CLAIMED)


def told(wishes: Path) -> str:
    return wishes.with_name("wish.fulfilled").read_text().split()[0]
