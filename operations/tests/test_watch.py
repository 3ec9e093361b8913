"""
The watch on a real database, with a real mailbox.
"""

import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from celery import current_app
from django.db import transaction
from django.test import TestCase, TransactionTestCase, override_settings

from devtools.mailbox import running_mailbox
from devtools.show.crew import any_free_port
from operations.models import Alert
from operations.rules import RULES
from operations.tests.provoking import PROVOCATIONS, fail, minutes_pass
from operations.watch import seconds_since_the_last, watch
from orders.testing import make_order
from payments import rejections
from payments.rejections import Tally
from pipeline import lanes
from pipeline.models import LanePause
from pipeline.queues import Queue
from pipeline.testing import database_step
from pipeline.tests.test_concurrency import all_at_once

ROOT = Path(__file__).resolve().parent.parent.parent
SMTP = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_USE_TLS": False}
NOWHERE = "redis://:secret@127.0.0.1:1/0"
OPERATOR = "operator@example.com"
MAILED = frozenset(rule.name for rule in RULES) - {"no_worker"}


class WithMailbox:
    """
    A test case whose alerts go to a mailbox of its own. The broker is away, so nobody can ask about workers.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        home = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.mailbox = cls.enterClassContext(running_mailbox(home))

    def setUp(self):
        self.step = self.enterContext(database_step(queue=Queue.LOYALTY))
        where = {"EMAIL_HOST": self.mailbox.smtp_host, "EMAIL_PORT": self.mailbox.smtp_port}
        self.enterContext(override_settings(**SMTP, **where, ALERT_EMAILS=[OPERATOR]))
        self.enterContext(broker_at(NOWHERE))
        self.enterContext(mock.patch.object(rejections, "tally", Tally(written_every_seconds=0)))
        self.read = len(self.mailbox.messages())

    def new_letters(self):
        letters = self.mailbox.messages()[self.read :]
        self.read += len(letters)
        return letters

    def new_subjects(self):
        return [letter.subject for letter in self.new_letters()]


class TestWatch(WithMailbox, TestCase):
    def test_tells_of_nothing_when_nothing_is_unusual(self):
        watch()

        self.assertEqual(Alert.objects.count(), 0)
        self.assertEqual(self.new_letters(), [])

    def test_has_a_provocation_for_each_of_its_rules(self):
        self.assertEqual({provocation.rule for provocation in PROVOCATIONS}, MAILED)

    def test_tells_once_when_a_rule_is_broken_and_once_when_that_is_over(self):
        for about in PROVOCATIONS:
            with self.subTest(about.rule), rolled_back():
                title = " ".join(filter(None, (about.rule, about.subject)))
                about.provoke(self.step)

                watch()
                watch()
                opened = self.new_letters()
                about.mend(self.step)
                watch()
                minutes_pass(6)
                watch()
                watch()

                self.assertEqual(titles(opened, "New"), [title])
                self.assertEqual(titles(self.new_letters(), "Over"), [title])
                self.assertIsNotNone(Alert.objects.get(rule=about.rule).closed_at)

    def test_tells_again_after_some_hours_while_it_lasts(self):
        fail(self.step, 1, wait=None)
        minutes_pass(25 * 60)
        watch()
        self.new_letters()

        minutes_pass(5 * 60)
        watch()
        early = self.new_letters()
        minutes_pass(2 * 60)
        watch()

        self.assertEqual(early, [])
        self.assertIn("left_buried change_database", titles(self.new_letters(), "Still there"))

    def test_takes_flickering_for_one_alert(self):
        pause = lanes.pause, {"lane": Queue.LOYALTY, "by": "anna", "reason": "stocktaking"}
        for _ in range(4):
            pause[0](**pause[1])
            LanePause.objects.update(paused_at="2026-01-01T00:00:00Z")
            watch()
            lanes.resume(lane=Queue.LOYALTY, by="anna")
            watch()

        self.assertEqual(Alert.objects.filter(rule="paused").count(), 1)
        self.assertEqual(len(self.new_letters()), 1)

    def test_tells_of_a_queue_without_a_worker_only_when_that_lasts(self):
        with broker_at(None):
            watch()
            at_once = self.new_letters()
            minutes_pass(3)

            watch()

        self.assertEqual(at_once, [])
        self.assertEqual(
            sorted(titles(self.new_letters(), "New")), [f"no_worker {queue}" for queue in sorted(Queue)]
        )

    def test_neither_opens_nor_closes_what_it_cannot_ask_about(self):
        with broker_at(None):
            watch()
        minutes_pass(30)

        watch()

        self.assertEqual(Alert.objects.filter(rule="no_worker", closed_at=None).count(), len(Queue))

    def test_sends_next_time_what_the_mail_server_did_not_take(self):
        fail(self.step, 1, wait=None)
        with override_settings(EMAIL_PORT=any_free_port()):
            watch()
            untold = Alert.objects.get(rule="burials").told_at

        watch()

        self.assertIsNone(untold)
        self.assertEqual(titles(self.new_letters(), "New"), ["burials change_database"])

    def test_tells_also_what_was_over_before_the_mail_server_came_back(self):
        fail(self.step, 1, wait=None)
        with override_settings(EMAIL_PORT=any_free_port()):
            watch()
            minutes_pass(61)
            watch()

        watch()

        self.assertEqual(titles(self.new_letters(), "Over"), ["burials change_database"])

    def test_leaves_what_a_killed_worker_was_telling_to_the_next(self):
        fail(self.step, 1, wait=None)
        watch()
        Alert.objects.update(told_at=None, telling_until="2999-01-01T00:00:00Z")
        self.new_letters()

        watch()
        while_it_may_live = self.new_letters()
        Alert.objects.update(telling_until="2026-01-01T00:00:00Z")
        watch()

        self.assertEqual(while_it_may_live, [])
        self.assertEqual(titles(self.new_letters(), "New"), ["burials change_database"])

    def test_says_it_in_the_log_also_where_nobody_wants_mail(self):
        fail(self.step, 1, wait=None)

        with override_settings(ALERT_EMAILS=[]), self.assertLogs("rms.operations", "ERROR") as said:
            watch()
            watch()

        events = [(record.getMessage(), record.facts["rule"]) for record in said.records]
        self.assertEqual(events, [("alert.opened", "burials")])
        self.assertEqual(self.new_letters(), [])

    def test_tells_nothing_about_a_guest(self):
        make_order(customer_email="canary@example.com", customer_name="Canary Bird")
        for about in PROVOCATIONS:
            if about.rule not in (
                "burials",
                "left_buried",
                "backlog",
            ):  # their step runs would be promised twice
                about.provoke(self.step)

        watch()

        [letter] = self.new_letters()
        self.assertEqual(letter.recipients, (OPERATOR,))
        self.assertNotIn("canary", letter.raw.decode().lower())
        self.assertNotIn("guest@", letter.raw.decode().lower())

    def test_remembers_when_it_looked_last(self):
        self.assertIsNone(seconds_since_the_last())

        watch()

        self.assertLess(seconds_since_the_last(), 60)


class TestTwoWatchesAtOnce(WithMailbox, TransactionTestCase):
    def test_open_one_alert_and_send_one_letter(self):
        fail(self.step, 1, wait=None)

        all_at_once(watch)

        self.assertEqual(Alert.objects.filter(rule="burials").count(), 1)
        self.assertEqual(self.new_subjects(), ["[RMS] New: burials change_database"])

    def test_tell_its_end_once(self):
        fail(self.step, 1, wait=None)
        watch()
        self.new_letters()
        minutes_pass(61)

        all_at_once(watch)

        self.assertEqual(self.new_subjects(), ["[RMS] Over: burials change_database"])


class TestTable:
    def test_of_the_documentation_holds_each_rule_with_its_threshold(self):
        page = (ROOT / "docs" / "operations.md").read_text()
        told = re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE)

        assert [name for name, _ in told] == [rule.name for rule in RULES]
        for rule, (_name, threshold) in zip(RULES, told, strict=True):
            assert str(rule.at_least) in threshold, f"docs/operations.md says {threshold!r} about {rule.name}"


def titles(letters, heading):
    """
    The alerts that the letters tell about under this heading, in order.
    """
    return [
        title
        for letter in letters
        for title in re.findall(rf"^{heading}: .* \((.+)\)\r?$", letter.text, re.MULTILINE)
    ]


@contextmanager
def broker_at(url):
    """
    Point this process at another broker; None is the one of the tests, at which no worker works.
    """
    before = current_app.conf.broker_write_url
    current_app.conf.broker_write_url = url
    try:
        yield
    finally:
        current_app.conf.broker_write_url = before


@contextmanager
def rolled_back():
    """
    Leave no trace in the database.
    """
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
