import io
import logging
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import TestCase, override_settings

from devtools.till import Mode, running_till
from orders.testing import make_menu, make_order, make_restaurant
from payments.hooks import run_post_payment_hooks
from pipeline import lanes
from pipeline.models import State
from pipeline.queues import Queue
from pipeline.steps import menu
from pipeline.testing import run_of


class TestRunStep(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        home = cls.enterClassContext(TemporaryDirectory())
        cls.till = cls.enterClassContext(running_till(home=Path(home), locations={"LMAIN": "USD"}))
        cls.enterClassContext(
            override_settings(SQUARE_BASE_URL=cls.till.url, SQUARE_ACCESS_TOKEN=cls.till.token)
        )

    def setUp(self):
        restaurant = make_restaurant(pos_location="LMAIN")
        make_menu(restaurant)
        self.order = make_order(restaurant=restaurant)
        with transaction.atomic():
            run_post_payment_hooks(self.order)
        self.addCleanup(self.till.mend)
        self.addCleanup(logging.getLogger("rms").setLevel, logging.getLogger("rms").level)

    def run_step(self, *words, **options):
        said = io.StringIO()
        call_command("run_step", *map(str, words), stdout=said, **options)
        return said.getvalue()

    def state_of(self, step):
        return run_of(menu.find(step), self.order.pk).state

    def test_carries_out_the_step_and_tells_what_came_of_it(self):
        said = self.run_step("process_loyalty_rewards", self.order.pk)

        self.assertIn("Credit the guest with points.", said)
        self.assertIn("promised, attempts so far: 0", said)
        self.assertIn("Done. points: 53", said)
        self.assertEqual(self.state_of("process_loyalty_rewards"), State.DONE)

    def test_finds_the_order_by_its_public_id_too(self):
        said = self.run_step("process_loyalty_rewards", self.order.public_id)

        self.assertIn(f"id {self.order.pk}", said)

    def test_says_that_a_step_was_done_already(self):
        self.run_step("process_loyalty_rewards", self.order.pk)

        self.assertIn("done already", self.run_step("process_loyalty_rewards", self.order.pk))

    def test_shows_why_it_failed_with_the_traceback(self):
        self.till.break_down(Mode.SERVER_ERROR, status=503)

        with (
            self.assertLogs("rms", "DEBUG") as told,
            self.assertRaisesRegex(CommandError, "now waiting because: .*503"),
        ):
            self.run_step("sync_order_to_pos", self.order.pk)

        [line] = [record for record in told.records if record.message == "step.failed"]
        self.assertIn("pos/client.py", logging.Formatter().formatException(line.exc_info))

    def test_digs_up_what_lies_buried_only_when_told_to(self):
        self.till.break_down(Mode.REFUSE, times=1)
        with self.assertRaisesRegex(CommandError, "now buried .*--revive"):
            self.run_step("sync_order_to_pos", self.order.pk)
        with self.assertRaisesRegex(CommandError, "now buried"):
            self.run_step("sync_order_to_pos", self.order.pk)

        self.run_step("sync_order_to_pos", self.order.pk, revive=True)

        self.assertEqual(self.state_of("sync_order_to_pos"), State.DONE)

    def test_does_not_revive_what_is_not_buried(self):
        with self.assertRaisesRegex(CommandError, "is promised. Leave --revive out"):
            self.run_step("sync_order_to_pos", self.order.pk, revive=True)

    def test_obeys_a_paused_lane_and_says_so(self):
        lanes.pause(lane=Queue.POS_SYNC, by="anna", reason="the till is being cleaned")

        with self.assertRaisesRegex(CommandError, "its lane is paused"):
            self.run_step("sync_order_to_pos", self.order.pk)

    def test_asks_whether_another_step_was_meant(self):
        with self.assertRaisesRegex(CommandError, "Did you mean sync_order_to_pos"):
            self.run_step("sync_order_to_poss", self.order.pk)

    def test_knows_no_order_that_is_not_there_and_promises_nothing_to_an_unpaid_one(self):
        unpaid = make_order(restaurant=self.order.restaurant, paid=False)

        for order in (999_999, uuid.uuid4(), "rubbish"):
            with self.assertRaisesRegex(CommandError, "There is no order"):
                self.run_step("sync_order_to_pos", order)
        with self.assertRaisesRegex(CommandError, "unknown, not paid, or forgotten"):
            self.run_step("sync_order_to_pos", unpaid.pk)
