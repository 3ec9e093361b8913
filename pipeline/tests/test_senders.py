import threading
import time

from django.test import SimpleTestCase

from pipeline.failures import NotNow, TemporaryFailure
from pipeline.senders import STARTS_WITHIN_SECONDS, Errand, Senders
from pipeline.steps import Attempt
from pipeline.testing import Sink

PATIENCE_SECONDS = 10


def attempt(number):
    return Attempt(subject_id=number, order_id=number, number=1)


def all_back(senders, count):
    back = []
    while len(back) < count:
        came = senders.back(within_seconds=PATIENCE_SECONDS)
        assert came, f"{len(back)} of {count} came back"
        back += came
    return back


class TestSenders(SimpleTestCase):
    def test_begin_the_next_parcel_without_being_asked(self):
        sink, senders = Sink(), Senders(1)

        for number in range(5):
            senders.send(sink, attempt(number))

        self.assertEqual(sorted(s.attempt.subject_id for s in all_back(senders, 5)), list(range(5)))

    def test_are_never_more_at_once_than_allowed(self):
        busy, most, turn = 0, 0, threading.Lock()

        def behaviour(_attempt):
            nonlocal busy, most
            with turn:
                busy += 1
                most = max(most, busy)
            together.wait(PATIENCE_SECONDS)
            with turn:
                busy -= 1
            return {}

        together, senders = threading.Barrier(3), Senders(3)
        for number in range(9):
            senders.send(Sink(behaviour=behaviour), attempt(number))
        all_back(senders, 9)

        self.assertEqual(most, 3)

    def test_take_back_what_nobody_has_begun_with(self):
        begun, go_on = threading.Event(), threading.Event()

        def behaviour(_attempt):
            begun.set()
            go_on.wait(PATIENCE_SECONDS)
            return {}

        sink, senders = Sink(behaviour=behaviour), Senders(1)
        for number in range(4):
            senders.send(sink, attempt(number))
        begun.wait(PATIENCE_SECONDS)

        recalled = senders.recall()
        go_on.set()

        self.assertEqual([a.subject_id for a in recalled], [1, 2, 3])
        self.assertEqual([s.attempt.subject_id for s in all_back(senders, 1)], [0])
        self.assertEqual(len(sink.attempts), 1)

    def test_bring_back_the_trouble_there_was(self):
        def behaviour(_attempt):
            raise TemporaryFailure("busy")

        senders = Senders(1)
        senders.send(Sink(behaviour=behaviour), attempt(1))

        [sent] = all_back(senders, 1)
        self.assertIsInstance(sent.trouble, TemporaryFailure)

    def test_do_not_begin_with_what_has_waited_too_long(self):
        sink = Sink()

        sent = Errand(parcel=sink, attempt=attempt(1), not_after=time.monotonic() - 1).run()

        self.assertIsInstance(sent.trouble, NotNow)
        self.assertEqual(sink.attempts, [])
        self.assertLessEqual(STARTS_WITHIN_SECONDS, 5)

    def test_bring_back_several_together_where_that_is_wanted(self):
        senders = Senders(4)
        for number in range(4):
            senders.send(Sink(), attempt(number))

        back = senders.back(within_seconds=PATIENCE_SECONDS, gather=4, for_seconds=PATIENCE_SECONDS)

        self.assertEqual(len(back), 4)

    def test_bring_back_nothing_when_nothing_came_in_time(self):
        self.assertEqual(Senders(1).back(within_seconds=0.01), [])
