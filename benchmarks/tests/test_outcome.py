"""
What becomes of a figure: its verdict, its line, the file, the exit code.
"""

import json
from datetime import UTC, datetime

import pytest

from benchmarks import outcome
from benchmarks.interval import Interval
from benchmarks.measured import Measured
from benchmarks.outcome import Outcome
from benchmarks.targets import TARGETS, UnknownFigure, Verdict, target_of

BEGAN = datetime(2026, 11, 23, 20, 0, 5, tzinfo=UTC)


def found(low, high):
    return Interval(middle=(low + high) / 2, low=low, high=high)


def measured(figure, *ratios):
    return Outcome.of(Measured(figure=figure, ratios=list(ratios), facts={"raw": 1}))


class TestVerdict:
    @pytest.mark.parametrize(
        ("figure", "low", "high", "verdict"),
        [
            ("P1", 15.0, 17.0, Verdict.OK),
            ("P1", 14.9, 17.0, Verdict.TOO_NOISY),
            ("P1", 10.0, 14.9, Verdict.SHORT),
            ("P8", 1.00, 1.15, Verdict.OK),
            ("P8", 1.00, 1.16, Verdict.TOO_NOISY),
            ("P8", 1.16, 1.30, Verdict.SHORT),
        ],
    )
    def test_follows_from_where_the_bound_lies(self, figure, low, high, verdict):
        assert target_of(figure).verdict(found(low, high)) == verdict

    def test_of_a_single_pair_is_too_noisy(self):
        assert measured("P1", 40.0).verdict is Verdict.TOO_NOISY

    def test_reaches_the_stretch_only_where_it_is_ok(self):
        assert "stretch reached" in measured("P1", 26.0, 27.0, 28.0).line
        assert "stretch reached" not in measured("P1", 16.0, 17.0, 18.0).line
        assert "stretch reached" not in measured("P1", 2.0, 30.0, 90.0).line


class TestLine:
    def test_reads_as_it_was_asked_for(self):
        line = measured("P1", 16.0, 16.2, 16.4).line

        words = [
            "P1",
            "total CPU per order vs tuned Celery + DB reuse",
            "16.2x [15.9..16.5]",
            "(at least 15)",
            "ok",
        ]
        assert [line.index(word) for word in words] == sorted(line.index(word) for word in words)

    def test_shows_no_bounds_where_there_are_none(self):
        assert "40.0x [0.00..?]" in measured("P1", 40.0).line


class TestTarget:
    def test_of_a_line_with_more_words_is_that_of_its_figure(self):
        assert target_of("P7 loyalty, till slow").figure == "P7 loyalty"
        assert target_of("P8 one million").figure == "P8"

    def test_of_an_unknown_figure_is_refused(self):
        with pytest.raises(UnknownFigure, match="P10"):
            target_of("P10")

    def test_has_a_stretch_that_is_harder_than_its_bound(self):
        for target in TARGETS:
            if target.stretch is not None:
                beyond = Interval(middle=target.stretch, low=target.stretch, high=target.stretch)
                assert target.verdict(beyond) is Verdict.OK, target.figure


class TestExitCode:
    def test_is_a_failure_only_where_a_figure_is_short(self):
        ok, noisy, short = measured("P1", 20.0, 20.0), measured("P1", 20.0), measured("P1", 5.0, 5.0)

        assert outcome.exit_code([ok, noisy]) == 0
        assert outcome.exit_code([ok, short]) == 1


class TestResultsFile:
    def test_holds_all_that_the_lines_came_from(self, tmp_path):
        path = outcome.write(
            [measured("P9", 0.9, 1.1)], began=BEGAN, about={"commit": "abc"}, folder=tmp_path
        )

        told = json.loads(path.read_text())
        assert path.name == "2026-11-23-200005.json"
        assert told["commit"] == "abc"
        [figure] = told["figures"]
        assert figure["ratios"] == [0.9, 1.1]
        assert figure["facts"] == {"raw": 1}
        assert figure["target"]["bound"] == 1.0
        assert figure["verdict"] == "too noisy"

    def test_holds_null_where_nothing_is_sure(self, tmp_path):
        path = outcome.write([measured("P1", 20.0)], began=BEGAN, about={}, folder=tmp_path)

        assert json.loads(path.read_text())["figures"][0]["interval"]["high"] is None
