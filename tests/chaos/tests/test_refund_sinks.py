from collections import Counter
from dataclasses import replace

import pytest

from payments import refund_tasks
from tests.chaos.check.refund_sinks import RefundsShown, count_refunds
from tests.chaos.refunds import Told

TOLD = {
    "re_part": Told(reference="part", amount=3, status="succeeded"),
    "re_whole": Told(reference="whole", amount=9, status="succeeded"),
    "re_early": Told(reference="early", amount=9, status="succeeded"),  # refunded before anybody cooked
    "re_failed": Told(reference="failed", amount=9, status="failed"),
}
EVER_WHOLE = frozenset({"whole", "early", "failed"})
RIGHT = RefundsShown(
    booked=Counter(list(TOLD)),
    counted=Counter(["re_part", "re_whole", "re_early"]),
    announced=Counter(["re_part", "re_whole", "re_early", "re_failed"]),
    failures=Counter(["re_failed"]),
    cancellations=Counter(["re_whole"]),
    to_cook=Counter(["part", "whole"]),
    tickets=Counter(["part", "whole"]),
    closed=Counter(),
    canceled=Counter(["whole"]),
    points_kept=Counter(["failed", "a stranger to refunds"]),
)


def counts(shown, *, unknown=None):
    found = count_refunds(TOLD, ever_whole=EVER_WHOLE, shown=shown, unknown=unknown or {})
    return {count.sink: count for count in found}


def wrong(shown, **told):
    """
    The one sink that is wrong, and what it lost, doubled and should not have.
    """
    [count] = [count for count in counts(shown, **told).values() if not count.ok]
    return count.sink, count.lost, count.doubled, count.unexpected


def with_one_more(name, key):
    return replace(RIGHT, **{name: getattr(RIGHT, name) + Counter([key])})


def without(name, key):
    return replace(RIGHT, **{name: getattr(RIGHT, name) - Counter([key])})


class TestRefundSinks:
    def test_are_right_where_each_shows_what_was_told_once(self):
        found = counts(RIGHT)

        assert all(count.ok for count in found.values())
        assert {sink: count.expected for sink, count in found.items()} == {
            "refunds booked": 4,
            "refunds counted": 3,
            "refund letters in the mailbox": 3,
            "letters that a refund failed": 1,
            "cancellations in the mailbox": 1,
            "orders canceled at the till": 1,
            "points kept, for the refund failed": 1,
        }

    @pytest.mark.parametrize(
        ("name", "key", "sink", "lost"),
        [
            ("announced", "re_part", "refund letters in the mailbox", "re_part"),
            ("failures", "re_failed", "letters that a refund failed", "re_failed"),
            ("cancellations", "re_whole", "cancellations in the mailbox", "whole"),
            ("canceled", "whole", "orders canceled at the till", "whole"),
            ("points_kept", "failed", "points kept, for the refund failed", "failed"),
        ],
    )
    def test_miss_what_should_be_there(self, name, key, sink, lost):
        assert wrong(without(name, key)) == (sink, (lost,), (), ())

    @pytest.mark.parametrize(
        ("name", "key", "sink", "doubled"),
        [
            ("announced", "re_part", "refund letters in the mailbox", "re_part"),
            ("failures", "re_failed", "letters that a refund failed", "re_failed"),
            ("cancellations", "re_whole", "cancellations in the mailbox", "whole"),
            ("canceled", "whole", "orders canceled at the till", "whole"),
            ("points_kept", "failed", "points kept, for the refund failed", "failed"),
        ],
    )
    def test_see_what_came_twice(self, name, key, sink, doubled):
        assert wrong(with_one_more(name, key)) == (sink, (), (doubled,), ())

    @pytest.mark.parametrize(
        ("name", "key", "sink", "stranger"),
        [
            ("announced", "re_nobody", "refund letters in the mailbox", "re_nobody"),
            ("failures", "re_part", "letters that a refund failed", "re_part"),
            ("cancellations", "re_part", "cancellations in the mailbox", "part"),
            ("canceled", "part", "orders canceled at the till", "part"),
        ],
    )
    def test_see_what_nobody_was_to_be_told(self, name, key, sink, stranger):
        assert wrong(with_one_more(name, key)) == (sink, (), (), (stranger,))

    def test_leave_open_whether_the_kitchen_heard_of_a_refund_that_failed(self):
        heard = with_one_more("cancellations", "re_failed")

        assert all(count.ok for count in counts(heard).values())

    def test_do_not_want_canceled_what_was_closed_before(self):
        closed = replace(without("canceled", "whole"), closed=Counter(["whole"]))

        assert all(count.ok for count in counts(closed).values())

    def test_excuse_one_copy_for_each_unknown_outcome(self):
        twice = with_one_more("cancellations", "re_whole")
        unknown = {refund_tasks.send_staff_cancellation_task.name: {"re_whole": 1}}

        found = counts(twice, unknown=unknown)["cancellations in the mailbox"]
        assert (found.ok, found.copies) == (True, 1)
