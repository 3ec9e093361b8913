"""
Each step of the menu, called as a person or the dispatcher calls it, against a real mailbox, till and database.
"""

import tempfile
from pathlib import Path

from django.db import transaction
from django.test import TestCase, override_settings

from analytics.models import SaleFact
from devtools.mailbox import running_mailbox
from devtools.till import Mode, running_till
from inventory.models import StockMovement
from loyalty.models import LoyaltyEntry
from notifications.failures import NotAnAddress
from orders.testing import make_menu, make_order, make_restaurant
from payments import tasks
from payments.hooks import run_post_payment_hooks
from pipeline.dead_letters import revive
from pipeline.failures import NotPromised
from pipeline.models import State, StepRun
from pipeline.steps import menu
from pipeline.testing import history_of, make_due, run_of, seconds_until_due


class TaskTestCase(TestCase):
    """
    A paid order whose follow-ups are promised.
    """

    task = None

    def setUp(self):
        self.restaurant = make_restaurant(pos_location="LMAIN")
        make_menu(self.restaurant)
        self.order = self.paid_order()
        self.step = self.step_of(self.task) if self.task else None

    def step_of(self, task):
        return menu.find(task.name)

    def paid_order(self, **changes):
        order = make_order(restaurant=self.restaurant, **changes)
        with transaction.atomic():
            run_post_payment_hooks(order)
        return order

    def by_hand(self, order=None):
        return self.task((order or self.order).pk)

    def dispatched(self, *orders):
        """
        What a worker does with a message of the dispatcher.
        """
        return self.task.apply(args=([order.pk for order in orders],), ignore_result=True).get()

    def assert_done_once_only(self, count_effects):
        first = self.by_hand()
        again = self.by_hand()
        self.dispatched(self.order)

        self.assertEqual((first["success"], first["order_id"]), (True, self.order.pk))
        self.assertEqual(again, {"success": True, "order_id": self.order.pk, "already": "done"})
        self.assertEqual(count_effects(), 1)


class MailTestCase(TaskTestCase):
    """
    With a real mailbox.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        home = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.mailbox = cls.enterClassContext(running_mailbox(home=Path(home)))
        cls.enterClassContext(
            override_settings(
                EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
                EMAIL_HOST=cls.mailbox.smtp_host,
                EMAIL_PORT=cls.mailbox.smtp_port,
                EMAIL_USE_TLS=False,
            )
        )

    def tearDown(self):
        self.mailbox.mend()

    def letters(self, kind, order=None):
        reference = (order or self.order).public_id
        return self.mailbox.messages(message_id=f"<order-{reference}.{kind}@localhost.localdomain>")


class TestEmailTasks(MailTestCase):
    task = tasks.send_order_confirmation_email_task

    def test_send_the_receipt_once(self):
        self.assert_done_once_only(lambda: len(self.letters("confirmation")))

    def test_send_the_guest_what_was_ordered_and_paid(self):
        self.by_hand()

        [letter] = self.letters("confirmation")
        self.assertEqual(tuple(letter.recipients), ("guest@example.com",))
        for words in ("Margherita", "$53.50", "no basil"):
            self.assertIn(words, letter.text)
            self.assertIn(words, letter.html)

    def test_send_a_copy_to_another_address_as_often_as_asked_and_touch_no_promise(self):
        answers = [self.task(self.order.pk, "test@example.com") for _ in range(2)]

        self.assertEqual([answer["success"] for answer in answers], [True, True])
        self.assertEqual(len(self.mailbox.messages(recipient="test@example.com")), 2)
        self.assertEqual(run_of(self.step, self.order.pk).state, State.PROMISED)
        self.assertNotIn("test@example.com", str(answers))

    def test_refuse_an_address_that_is_none(self):
        with self.assertRaises(NotAnAddress):
            self.task(self.order.pk, "nobody")

    def test_wait_a_minute_when_the_mail_server_is_busy(self):
        self.mailbox.break_down("refuse_temporarily", phase="rcpt", times=1)

        answer = self.by_hand()

        self.assertEqual((answer["success"], answer["state"]), (False, "waiting"))
        self.assertAlmostEqual(seconds_until_due(self.step, self.order.pk), 60, delta=8)

    def test_are_buried_at_once_when_the_address_does_not_exist_and_sent_when_revived(self):
        self.mailbox.break_down("refuse_permanently", phase="rcpt", times=1)
        self.by_hand()
        self.assertEqual(run_of(self.step, self.order.pk).state, State.BURIED)

        revive(order_id=self.order.pk, step=self.step.name, by="anna", reason="address corrected")
        self.dispatched(self.order)

        self.assertEqual(len(self.letters("confirmation")), 1)
        self.assertEqual(history_of(self.step, self.order.pk), ["buried", "revived"])

    def test_say_that_nobody_promised_anything_for_an_order_that_is_not_paid(self):
        unpaid = make_order(restaurant=self.restaurant, paid=False)

        for order_id in (unpaid.pk, 999_999):
            with self.assertRaises(NotPromised):
                self.task(order_id)


class TestStaffNotificationTask(MailTestCase):
    task = tasks.send_staff_notification_task

    def test_tells_the_staff_once(self):
        self.assert_done_once_only(lambda: len(self.letters("staff")))

    def test_tells_what_to_cook_but_not_what_it_costs(self):
        self.by_hand()

        [letter] = self.letters("staff")
        self.assertIn("Margherita", letter.text)
        self.assertNotIn("$", letter.text)


class TillTestCase(TaskTestCase):
    """
    With a real till.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        home = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.till = cls.enterClassContext(running_till(home=Path(home), locations={"LMAIN": "USD"}))
        cls.enterClassContext(
            override_settings(SQUARE_BASE_URL=cls.till.url, SQUARE_ACCESS_TOKEN=cls.till.token)
        )

    def tearDown(self):
        self.till.mend()

    def tickets(self):
        return self.till.orders(reference_id=str(self.order.public_id))


class TestPosTask(TillTestCase):
    task = tasks.sync_order_to_pos_task

    def test_rings_the_order_up_once(self):
        self.assert_done_once_only(lambda: len(self.tickets()))

    def test_does_not_ring_it_up_twice_when_the_answer_was_lost(self):
        self.till.break_down(Mode.FAIL_AFTER_EFFECT, times=1)
        lost = self.by_hand()
        make_due(self.step, self.order.pk)

        self.dispatched(self.order)

        self.assertEqual(lost["state"], "waiting")
        self.assertEqual((len(self.tickets()), self.tickets()[0].paid), (1, True))
        self.assertEqual(run_of(self.step, self.order.pk).state, State.DONE)

    def test_is_buried_at_once_when_the_till_will_not_take_it(self):
        self.till.break_down(Mode.REFUSE, times=1)

        answer = self.by_hand()

        self.assertEqual(answer["state"], "buried")


class TestAnalyticsTask(TaskTestCase):
    task = tasks.record_payment_analytics_task

    def test_counts_the_sale_once(self):
        self.assert_done_once_only(SaleFact.objects.count)

    def test_counts_many_sales_of_one_message(self):
        orders = [self.paid_order() for _ in range(5)]

        self.dispatched(*orders)

        self.assertEqual(SaleFact.objects.count(), 5)


class TestLoyaltyTask(TaskTestCase):
    task = tasks.process_loyalty_rewards_task

    def test_credits_the_points_once(self):
        self.assert_done_once_only(LoyaltyEntry.objects.count)

    def test_says_how_many_points_there_were(self):
        self.assertEqual(self.by_hand()["points"], 53)


class TestInventoryTask(TaskTestCase):
    task = tasks.update_inventory_levels_task

    def test_takes_the_ingredients_out_of_the_stock_once(self):
        self.assert_done_once_only(lambda: StockMovement.objects.count() // 4)


class TestDispatcherTask(TaskTestCase):
    def test_sends_what_is_due_to_its_queues(self):
        answer = tasks.run_post_payment_hooks_task.apply().get()

        self.assertEqual(answer, {"success": True, "sent": 6})
        self.assertEqual(set(StepRun.objects.values_list("state", flat=True)), {State.SENT})
