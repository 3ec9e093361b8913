"""
Answers that Square would not give: of a proxy, of another server, of nobody in particular.
"""

from django.test import override_settings

from orders.testing import make_order
from pipeline.failures import NotNow, TemporaryFailure
from pos.answer_table import TillBroken, TillNotAccessible, TillRefusedOrder
from pos.answers import AnswerUnreadable
from pos.client import AnswerLost
from pos.tests.tills import TillTestCase, strange_server


class TestAnAnswerThatIsNotSquares(TillTestCase):
    def answered(self, status: int, content: bytes, **headers: str) -> Exception:
        with (
            strange_server(status, content, **headers) as address,
            override_settings(SQUARE_BASE_URL=address),
            self.assertRaises((NotNow, TemporaryFailure, TillRefusedOrder)) as caught,
        ):
            self.send(make_order())
        return caught.exception

    def test_leaves_the_outcome_unknown_when_it_says_yes(self):
        for content in (
            b"",
            b"[]",
            b"{}",
            b'{"order": {"id": 1}}',
            b'{"order": {"id": "x"}}',
            b"\xff",
            b"[" * 100_000,
        ):
            self.assertIs(type(self.answered(200, content)), AnswerUnreadable, content[:30])

    def test_is_not_read_to_its_end_when_it_has_none(self):
        failure = self.answered(200, b" " * 2_000_000)
        self.assertIs(type(failure), AnswerLost)
        self.assertIn("longer than", str(failure))

    def test_is_a_refusal_when_it_says_no_without_a_reason(self):
        self.assertEqual(str(self.answered(404, b"<html>")), "The till refused it. (404)")

    def test_is_not_followed_elsewhere(self):
        failure = self.answered(307, b"", Location=self.till.url)
        self.assertIs(type(failure), TillNotAccessible)
        self.assertIn("SQUARE_BASE_URL", str(failure))
        self.assertEqual(self.till.counts().requests, 0)

    def test_is_unknown_with_a_status_nobody_foresaw(self):
        self.assertIs(type(self.answered(799, b"")), TillBroken)
