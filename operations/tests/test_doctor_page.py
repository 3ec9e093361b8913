"""
The page about the doctor names all its examinations.
"""

import re
from unittest import TestCase

from django.conf import settings

from operations.doctor.examinations import examinations
from operations.doctor.rounds import Party


class TestPage(TestCase):
    def test_has_a_line_for_each_examination(self):
        page = (settings.BASE_DIR / "docs" / "operations.md").read_text()
        told = set(re.findall(r"^\| ([\w-]+(?: \w+)?) \| ([^|]+) \|", page, re.MULTILINE))
        asked = {(e.topic, e.title) for e in examinations(patience_seconds=3, memory_limit_bytes=None)}

        missing = sorted(asked - told)
        self.assertEqual(missing, [], "Add them to the table in docs/operations.md.")


class TestTable(TestCase):
    def test_asks_each_party_first_whether_it_answers(self):
        first = {}
        for examination in examinations(patience_seconds=3, memory_limit_bytes=None):
            first.setdefault(examination.asks, examination.title)

        self.assertEqual(first.pop(Party.OURSELVES), "mode")
        self.assertEqual(
            first,
            {
                Party.DATABASE: "database",
                Party.BROKER: "broker",
                Party.MAIL: "mail server",
                Party.TILL: "till",
            },
        )
