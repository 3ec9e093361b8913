from django.test import SimpleTestCase

from payments import tasks
from pipeline.retries import RetryPolicy
from pipeline.steps import menu

# The seed's "Retry Policies", with the waits that follow from base · 2ⁿ.
SEED = {
    tasks.send_order_confirmation_email_task: [60, 120, 240],
    tasks.send_staff_notification_task: [30, 60, 120],
    tasks.sync_order_to_pos_task: [120, 240, 480, 960, 1920],
    tasks.record_payment_analytics_task: [30, 60],
    tasks.process_loyalty_rewards_task: [60, 120, 240],
    tasks.update_inventory_levels_task: [45, 90, 180],
}


class TestRetryPolicy(SimpleTestCase):
    def test_waits_twice_as_long_each_time_and_then_gives_up(self):
        policy = RetryPolicy(times=3, delay_seconds=60)

        waits = [policy.seconds_after(attempt) for attempt in (1, 2, 3, 4)]

        self.assertEqual(waits, [60, 120, 240, None])

    def test_spreads_each_wait_by_a_tenth(self):
        policy = RetryPolicy(times=1, delay_seconds=100)

        shortest, longest = policy.seconds_after(1, chance=0), policy.seconds_after(1, chance=1)

        self.assertAlmostEqual(shortest, 90)
        self.assertAlmostEqual(longest, 110)

    def test_is_shortened_for_a_demonstration(self):
        policy = RetryPolicy(times=1, delay_seconds=100)

        self.assertAlmostEqual(policy.seconds_after(1, scale=0.01), 1)

    def test_refuses_nonsense(self):
        for nonsense in ({"times": -1, "delay_seconds": 60}, {"times": 3, "delay_seconds": 0}):
            with self.subTest(nonsense), self.assertRaisesRegex(ValueError, "makes no sense"):
                RetryPolicy(**nonsense)


class TestPolicyOfEachStep(SimpleTestCase):
    def test_is_the_seeds(self):
        for task, waits in SEED.items():
            with self.subTest(task.name):
                policy = menu.find(task.name).retry

                found = [policy.seconds_after(attempt) for attempt in range(1, policy.attempts + 1)]

                self.assertEqual(found, [*waits, None])

    def test_stands_on_the_celery_task_too(self):
        for task, waits in SEED.items():
            with self.subTest(task.name):
                self.assertEqual((task.max_retries, task.default_retry_delay), (len(waits), waits[0]))
