"""
The words in which an answer of the till is passed on.
"""

import json

from django.test import SimpleTestCase

from pipeline.failures import UnknownOutcome
from pos.answer_table import FAILURES, ChangedMeanwhile, NotAtTill, TillBusy, TillRefusedOrder
from pos.answers import AlreadyAtTill, Answer, understood
from pos.square_taxes import percentage


def refused(detail: str, *, code: str = "INVALID_VALUE", private: tuple[str, ...] = ()) -> Answer:
    """
    A 400 as Square writes it.
    """
    error = {"category": "INVALID_REQUEST_ERROR", "code": code, "detail": detail}
    return Answer(status=400, content=json.dumps({"errors": [error]}).encode(), private=private)


class TestARefusal(SimpleTestCase):
    def test_repeats_no_name_and_no_note_of_a_guest(self):
        answer = refused("Value 'ADA' or 'no nuts (please)' is invalid.", private=("Ada", "no nuts (please)"))

        with self.assertRaises(TillRefusedOrder) as caught:
            understood(answer)

        self.assertIn("Value '…' or '…' is invalid.", str(caught.exception))

    def test_does_not_take_a_name_out_of_the_middle_of_a_word(self):
        with self.assertRaisesMessage(TillRefusedOrder, "Annotation … is invalid."):
            understood(refused("Annotation Ann is invalid.", private=("Ann",)))

    def test_is_not_endless(self):
        with self.assertRaises(TillRefusedOrder) as caught:
            understood(refused("x" * 10_000))

        self.assertLess(len(str(caught.exception)), 400)

    def test_is_harmless_in_squares_words_for_a_used_key(self):
        with self.assertRaises(AlreadyAtTill):
            understood(refused("Order CAISENgvlJ6jLWAzERDzjyHVybY already exists.", code="BAD_REQUEST"))

    def test_is_not_harmless_for_the_same_words_with_another_code(self):
        with self.assertRaises(TillRefusedOrder):
            understood(refused("Order CAISENgvlJ6jLWAzERDzjyHVybY already exists."))


class TestANamedError(SimpleTestCase):
    def test_of_something_unknown_is_told_apart_from_a_page_that_is_not_there(self):
        error = json.dumps({"errors": [{"code": "NOT_FOUND"}]}).encode()

        with self.assertRaisesMessage(NotAtTill, "The till does not know it. (404)"):
            understood(Answer(status=404, content=error))
        with self.assertRaises(TillRefusedOrder) as page:
            understood(Answer(status=404, content=b"<html>"))
        self.assertIs(type(page.exception), TillRefusedOrder)

    def test_of_another_version_says_that_nothing_has_happened(self):
        for status in (400, 409):
            error = json.dumps({"errors": [{"code": "VERSION_MISMATCH"}]}).encode()

            with self.assertRaises(ChangedMeanwhile) as changed:
                understood(Answer(status=status, content=error))
            self.assertNotIsInstance(changed.exception, UnknownOutcome)


class TestTheTable(SimpleTestCase):
    def test_has_a_row_for_every_status_that_is_no_success(self):
        bare = [status for status in range(300, 600) if not any(status in row.statuses for row in FAILURES)]

        self.assertEqual(bare, [], "Add a row with its reason to pos/answer_table.py.")

    def test_says_nothing_of_a_wait_that_is_no_number(self):
        with self.assertRaises(TillBusy) as caught:
            understood(Answer(status=429, content=b"", retry_after="Fri, 31 Dec 1999 23:59:59 GMT"))

        self.assertEqual(str(caught.exception), "The till gets too many requests. (429)")


class TestAPercentage(SimpleTestCase):
    def test_is_written_without_needless_digits(self):
        told = {ppm: percentage(ppm) for ppm in (0, 1, 70_000, 88_750, 100_000, 200_000, 1_000_000)}

        self.assertEqual(
            told,
            {
                0: "0",
                1: "0.0001",
                70_000: "7",
                88_750: "8.875",
                100_000: "10",
                200_000: "20",
                1_000_000: "100",
            },
        )
