"""
Settings changed where the seed changes them: its "Queue Priorities" word for word, its "Worker Configuration" with other
values than ours, so that it shows who is obeyed.
"""

from tests.acceptance.settings import *  # noqa: F403 - settings that extend settings

CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2
CELERY_TASK_TIME_LIMIT = 2
CELERY_TASK_SOFT_TIME_LIMIT = 1

CELERY_TASK_ROUTES = {
    "payments.tasks.send_order_confirmation_email_task": {
        "queue": "emails",
        "priority": 8,  # High priority
    },
    "payments.tasks.record_payment_analytics_task": {
        "queue": "analytics",
        "priority": 3,  # Low priority
    },
    # One of our own, to another lane than the menu's
    "payments.tasks.process_loyalty_rewards_task": {"queue": "inventory", "priority": 1},
}
