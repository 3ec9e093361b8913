"""
What may be shown of a task's arguments and answer.
"""

from datetime import date
from uuid import UUID

from django.test import SimpleTestCase

from pipeline.discretion import tell_ids_only
from pipeline.shown import shown, shown_again

KEY = "d54a8fe2-1234-4abc-9def-0123456789ab"


class TestShown(SimpleTestCase):
    def test_tells_ids_and_amounts_as_they_are(self):
        for value in ((7,), ([1, 2, 3],), {"order_id": 7, "paid": True, "share": 0.5, "note": None}, (KEY,)):
            self.assertEqual(shown(value), repr(value))

    def test_tells_a_public_id_whatever_its_type(self):
        self.assertEqual(shown((UUID(KEY),)), repr((KEY,)))

    def test_tells_no_text(self):
        told = shown((7, "anna@example.com", {"name": "Anna Example", "deep": ["+49 151 2345678"]}))

        self.assertEqual(told, "(7, '<text>', {'name': '<text>', 'deep': ['<text>']})")

    def test_tells_no_key_that_somebody_typed(self):
        self.assertEqual(
            shown({"Anna Example": 1, "a@example.com": 2, 4915112345678: 3}), "{'<text>': 2, '<number>': 3}"
        )

    def test_tells_no_number_that_may_be_a_telephone(self):
        self.assertEqual(
            shown((4_915_112_345_678, -1_234_567_890, 999_999_999)), "('<number>', '<number>', 999999999)"
        )

    def test_tells_no_object(self):
        self.assertEqual(
            shown((date(1990, 5, 17), b"anna", object())), "('<object>', '<object>', '<object>')"
        )

    def test_tells_every_order_of_the_fullest_message(self):
        orders = list(range(1_000, 1_100))

        self.assertEqual(shown((orders,)), repr((orders,)))

    def test_counts_what_is_too_long_to_be_read(self):
        told = shown((list(range(250)),))

        self.assertTrue(told.endswith("98, 99, '… 250 in all'],)"), told)

    def test_ends_with_what_never_ends(self):
        endless: list = []
        endless.append(endless)

        self.assertIn("<deeper>", shown(endless))


class TestShownAgain(SimpleTestCase):
    def test_changes_nothing_that_was_shown(self):
        deep = [[[[[[1]]]]]]
        for value in (
            (7, "anna", KEY),
            (list(range(250)),),
            {"order_id": 7, "to": "a@b.c"},
            deep,
            {1, 2},
            "",
            None,
        ):
            self.assertEqual(shown_again(shown(value)), shown(value))

    def test_tells_nothing_of_what_it_cannot_read(self):
        for text in ("(<Guest: Anna>,)", "", "[1, 2, 'an", "Anna", "__import__('os')"):
            self.assertEqual(shown_again(text), "'<text>'")


class TestMessage(SimpleTestCase):
    def test_repeats_ids_only_in_its_headers(self):
        headers = {"argsrepr": "(7, 'anna@example.com')", "kwargsrepr": "{}"}

        tell_ids_only(headers=headers, body=([7, "anna@example.com"], {"name": "Anna"}, {}))

        self.assertEqual(headers, {"argsrepr": "(7, '<text>')", "kwargsrepr": "{'name': '<text>'}"})

    def test_of_the_old_kind_has_no_such_headers(self):
        headers: dict = {}

        tell_ids_only(headers=headers, body={"args": ["anna@example.com"]})

        self.assertEqual(headers, {})
