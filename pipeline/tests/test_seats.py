import os

from django.test import SimpleTestCase, TestCase

from pipeline import pace, seats
from pipeline.models import State, StepRun
from pipeline.runner import carry_out
from pipeline.testing import Sink, outside_step, promised, run_of, seconds_until_due


class Neighbour:
    """
    Another process of the worker, which holds a seat until it is told to go.
    """

    def __init__(self, taken):
        told, self._tell = os.pipe()
        heard, says = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self._tell)
            os.write(says, b"0" if taken.take() is None else b"1")
            os.read(told, 1)
            os._exit(0)
        os.close(told)
        self.has_a_seat = os.read(heard, 1) == b"1"

    def die(self):
        os.close(self._tell)
        os.waitpid(self.pid, 0)


class TestSeats(SimpleTestCase):
    def test_are_given_to_so_many_processes(self):
        taken = seats.Seats(1)
        neighbour = Neighbour(taken)
        self.addCleanup(neighbour.die)

        self.assertTrue(neighbour.has_a_seat)
        self.assertIsNone(taken.take())

    def test_are_free_again_when_their_process_is_gone(self):
        taken = seats.Seats(1)
        Neighbour(taken).die()

        self.assertEqual(taken.take(), 0)


class TestSlowWork(TestCase):
    def setUp(self):
        self.sink = Sink()
        self.step = self.enterContext(outside_step(self.sink))
        self.addCleanup(seats.furnish, processes=1, lanes=1)
        promised(self.step, 1, 2)
        StepRun.objects.update(state=State.SENT)

    def everything_is_slow(self, **worker):
        pace.note(self.step, 30.0)
        seats.furnish(**worker)
        if seats._seats:
            neighbour = Neighbour(seats._seats)
            self.addCleanup(neighbour.die)

    def test_without_a_seat_is_handed_back_untried(self):
        self.everything_is_slow(processes=2, lanes=6)

        results = carry_out(self.step, [1, 2])

        run = run_of(self.step, 1)
        self.assertEqual((results, self.sink.attempts), ({}, []))
        self.assertEqual((run.state, run.attempts), (State.PROMISED, 0))
        self.assertGreater(seconds_until_due(self.step, 1), 0)

    def test_with_a_seat_is_done_and_leaves_it(self):
        self.everything_is_slow(processes=8, lanes=6)

        carry_out(self.step, [1, 2])

        self.assertEqual(run_of(self.step, 1).state, State.DONE)
        other = Neighbour(seats._seats)
        self.addCleanup(other.die)
        self.assertTrue(other.has_a_seat)

    def test_needs_none_where_it_is_alone(self):
        for worker in ({"processes": 1, "lanes": 6}, {"processes": 2, "lanes": 1}):
            self.everything_is_slow(**worker)
            self.assertTrue(seats.Guest(self.step).may_stay)

    def test_by_hand_needs_none(self):
        self.everything_is_slow(processes=2, lanes=6)

        carry_out(self.step, [1], by_hand=True)

        self.assertEqual(run_of(self.step, 1).state, State.DONE)

    def test_that_turned_out_to_be_quick_needs_none(self):
        seats.furnish(processes=2, lanes=6)
        neighbour = Neighbour(seats._seats)
        self.addCleanup(neighbour.die)
        pace.note(self.step, 0.3)

        self.assertTrue(seats.Guest(self.step).may_stay)
