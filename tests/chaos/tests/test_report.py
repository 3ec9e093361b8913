from tests.chaos.mutant_control import read_verdicts
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
