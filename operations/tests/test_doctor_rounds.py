"""
The doctor's rounds and report, with examinations made up for the purpose.
"""

import json
import threading
import time
from unittest import TestCase

from django.db import OperationalError

from operations.doctor.finding import Level, Unreachable, ok, problem, warning
from operations.doctor.report import as_json, as_text, has_problems, verdict
from operations.doctor.rounds import Examination, Party, Result, make_rounds
from pipeline.workers import BrokerAway


def examination(title, carry_out, *, asks=Party.OURSELVES, within=5.0):
    return Examination(topic="Topic", title=title, asks=asks, carry_out=carry_out, within_seconds=within)


def raising(trouble):
    def carry_out():
        raise trouble

    return carry_out


def found_by(*examinations, within=10.0):
    return [result.finding for result in make_rounds(examinations, within_seconds=within)]


class TestRounds(TestCase):
    def test_keep_the_order_of_the_table_whoever_is_asked_and_however_long_it_takes(self):
        second_is_done = threading.Event()

        def first():
            second_is_done.wait(5)
            return [ok("first", "")]

        def second():
            second_is_done.set()
            return [ok("second", ""), ok("third", "")]

        found = found_by(
            examination("a", first, asks=Party.BROKER), examination("b", second, asks=Party.DATABASE)
        )

        self.assertEqual([finding.subject for finding in found], ["first", "second", "third"])
        self.assertTrue(second_is_done.is_set())

    def test_wait_for_a_party_that_hangs_no_longer_than_allowed_and_ask_it_nothing_more(self):
        for_ever, asked = threading.Event(), []
        self.addCleanup(for_ever.set)

        found = found_by(
            examination("hangs", for_ever.wait, asks=Party.BROKER, within=0.2),
            examination("next", lambda: asked.append(1) or [], asks=Party.BROKER),
            examination("other", lambda: [ok("other", "is asked")], asks=Party.TILL),
        )

        self.assertEqual([finding.level for finding in found], [Level.PROBLEM, Level.NOTE, Level.OK])
        self.assertIn("The broker did not answer within", found[0].said)
        self.assertEqual(found[1].said, "Not examined, because the broker does not answer.")
        self.assertEqual(asked, [])

    def test_end_in_time_even_if_nobody_answers(self):
        for_ever = threading.Event()
        self.addCleanup(for_ever.set)
        began = time.monotonic()

        found = found_by(*(examination(p.name, for_ever.wait, asks=p, within=60) for p in Party), within=0.3)

        self.assertEqual({finding.level for finding in found}, {Level.PROBLEM})
        self.assertLess(time.monotonic() - began, 60)

    def test_ask_nothing_more_of_a_party_that_is_away(self):
        away = raising(Unreachable(problem("broker", "is away", "start it")))

        found = found_by(examination("a", away, asks=Party.BROKER), examination("b", list, asks=Party.BROKER))

        self.assertEqual(found[0].said, "is away")
        self.assertEqual(found[1].level, Level.NOTE)

    def test_blame_who_is_away_and_not_who_was_asked(self):
        found = found_by(
            examination("a", raising(BrokerAway("gone")), asks=Party.OURSELVES),
            examination("b", raising(OperationalError("gone")), asks=Party.TILL),
            examination("c", raising(OperationalError("statement timeout")), asks=Party.DATABASE),
        )

        self.assertIn("the broker does not answer", found[0].said)
        self.assertIn("the database does not answer", found[1].said)
        self.assertEqual(found[2].level, Level.PROBLEM)

    def test_take_what_nobody_foresaw_for_a_problem_and_tell_no_secret_of_it(self):
        [found] = found_by(examination("a", raising(KeyError("sk_live_verysecret"))))

        self.assertEqual(found.level, Level.PROBLEM)
        self.assertIn("KeyError", found.said)
        self.assertNotIn("verysecret", found.said)

    def test_take_an_examination_that_does_not_apply_for_what_it_is(self):
        self.assertEqual(found_by(examination("a", list)), [])


class TestReport(TestCase):
    results = [
        Result(topic="Broker", finding=ok("broker", "answers")),
        Result(topic="Broker", finding=problem("policy", "throws away", "set noeviction")),
        Result(topic="Tasks", finding=warning("paused", "stands still", "resume it")),
    ]

    def text(self, results, encoding="utf-8"):
        return as_text(results, paint=lambda _level, mark: mark, encoding=encoding)

    def test_has_a_line_for_each_finding_by_topic_with_its_remedy(self):
        self.assertEqual(
            self.text(self.results).splitlines()[:-2],
            [
                "Broker",
                "  ✓ broker: answers",
                "  ✗ policy: throws away",
                "      → set noeviction",
                "",
                "Tasks",
                "  ! paused: stands still",
                "      → resume it",
            ],
        )

    def test_ends_with_how_it_stands(self):
        self.assertTrue(verdict(self.results).startswith("1 problem, 1 warning. 3 checks"))
        self.assertEqual(verdict(self.results[:1]), "All well: 1 checks.")
        self.assertTrue(verdict([self.results[1]] * 3).startswith("3 problems."))

    def test_shows_itself_on_a_screen_without_unicode(self):
        text = self.text([Result(topic="Till", finding=problem("till", "„Über“", "→"))], encoding="ascii")

        self.assertTrue(text.isascii())
        self.assertIn("  x till: ", text)

    def test_says_no_to_problems_only(self):
        self.assertTrue(has_problems(self.results))
        self.assertFalse(has_problems(self.results[2:]))

    def test_is_there_for_machines(self):
        told = json.loads(as_json(self.results))

        self.assertEqual(told["well"], False)
        self.assertEqual(told["counts"], {"ok": 1, "note": 0, "warning": 1, "problem": 1})
        self.assertEqual(
            told["findings"][1],
            {
                "topic": "Broker",
                "level": "problem",
                "subject": "policy",
                "said": "throws away",
                "remedy": "set noeviction",
            },
        )
