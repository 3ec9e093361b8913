import pytest

from tests.chaos.mutant_control import not_all_tried, read_verdicts
from tests.chaos.report import Mutant

TWO = """
{"name": "no fence", "caught": true, "by": "2 letters came twice", "seconds": 8.1}
not a verdict
{"name": "no key", "caught": false, "by": "the product itself fails", "seconds": 9.0}
"""


class TestVerdictsOfMutants:
    def test_are_read_line_by_line_and_what_got_away_was_caught_by_nothing(self):
        assert read_verdicts(TWO) == [
            Mutant(name="no fence", caught_by="2 letters came twice"),
            Mutant(name="no key", caught_by=""),
        ]

    def test_are_whole_where_each_mutant_has_one_and_the_code_agrees(self):
        caught = [
            Mutant(name="no fence", caught_by="2 letters came twice"),
            Mutant(name="no key", caught_by="1 lost"),
        ]

        assert not_all_tried(caught, wanted={"no fence", "no key"}, code=0) == ""
        assert not_all_tried(read_verdicts(TWO), wanted={"no fence", "no key"}, code=1) == ""

    @pytest.mark.parametrize(
        ("names", "code", "because"),
        [
            ([], 1, "got none"),
            (["no fence"], 0, "got no fence"),
            (["no fence", "no fence"], 0, "got no fence, no fence"),
            (["no fence", "no key"], 1, "ended with 1"),
            (["no fence", "no key"], -9, "ended with -9"),
        ],
    )
    def test_are_not_whole_where_the_trial_ended_early(self, names, code, because):
        found = [Mutant(name=name, caught_by="found") for name in names]

        assert because in not_all_tried(found, wanted={"no fence", "no key"}, code=code)
