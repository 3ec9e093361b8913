import pytest

from tests.chaos.check.queue import compare


class TestComparison:
    def test_finds_nothing_wrong_where_each_accepted_order_is_held_once(self):
        count = compare(sink="till", held={"a": 1, "b": 1}, accepted={"a", "b"})

        assert count.ok
        assert (count.expected, count.found) == (2, 2)

    def test_finds_what_was_lost(self):
        count = compare(sink="till", held={"a": 1, "b": 0}, accepted={"a", "b", "c"})

        assert not count.ok
        assert count.lost == ("b", "c")

    def test_finds_what_was_doubled(self):
        count = compare(sink="till", held={"a": 2, "b": 1}, accepted={"a", "b"})

        assert not count.ok
        assert count.doubled == ("a",)

    def test_finds_what_nobody_ordered(self):
        count = compare(sink="till", held={"a": 1, "stranger": 1}, accepted={"a"})

        assert not count.ok
        assert count.unexpected == ("stranger",)

    def test_does_not_miss_what_the_sink_refuses_for_good(self):
        assert compare(sink="till", held={"a": 1}, accepted={"a", "b"}, refused={"b"}).ok

    def test_takes_what_was_refused_for_good_and_is_there_all_the_same_for_unexpected(self):
        count = compare(sink="till", held={"a": 1, "b": 1}, accepted={"a", "b"}, refused={"b"})

        assert count.unexpected == ("b",)

    @pytest.mark.parametrize("held", [{}, {"never answered": 1}])
    def test_leaves_open_what_was_sent_and_never_answered(self, held):
        assert compare(sink="till", held=held, accepted=set(), unsure={"never answered"}).ok

    def test_excuses_one_copy_for_each_unknown_outcome_and_counts_it(self):
        count = compare(
            sink="mail", held={"a": 2, "b": 3}, accepted={"a", "b"}, unknown={"a": 1, "b": 2, "c": 1}
        )

        assert count.ok
        assert (count.copies, count.unknown_outcomes) == (3, 4)

    def test_excuses_no_copy_more(self):
        count = compare(sink="mail", held={"a": 3, "b": 2}, accepted={"a", "b"}, unknown={"a": 1})

        assert count.doubled == ("a", "b")
