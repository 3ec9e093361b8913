"""
A step is added by one block: promised, routed, listed, checked and carried out without another line anywhere.
"""

import pytest
from celery import current_app
from django.core.checks import run_checks
from django.db import transaction
from django.test import override_settings

from orders.testing import make_order
from payments import tasks
from payments.hooks import run_post_payment_hooks
from pipeline.declaring import declared_temporarily, post_payment_step
from pipeline.models import StepRun
from pipeline.queues import Queue
from pipeline.retries import RetryPolicy
from pipeline.routing import route
from pipeline.steps import Effect, menu

BLOCK = {
    "queue": Queue.DEFAULT,
    "priority": 4,
    "retry": RetryPolicy(times=2, delay_seconds=30),
    "effect": Effect.DATABASE,
}
# The seed's "Task Routing" and its queues.
LANES = {
    tasks.send_order_confirmation_email_task: ("emails", 8),
    tasks.send_staff_notification_task: ("emails", 9),
    tasks.sync_order_to_pos_task: ("pos_sync", 7),
    tasks.record_payment_analytics_task: ("analytics", 3),
    tasks.process_loyalty_rewards_task: ("loyalty", 5),
    tasks.update_inventory_levels_task: ("inventory", 5),
    tasks.run_post_payment_hooks_task: ("post_payment", 9),
}


def thank_the_cook_task(order_id: int) -> dict[str, int]:
    """Thank the cook."""
    return {"thanked_for": order_id}


def default_and_low(name, *_args, **_kwargs):
    """A router as a function."""
    return {"queue": "default", "priority": 1} if "analytics" in name else None


@pytest.mark.django_db
class TestNewStep:
    def test_is_promised_to_orders_paid_from_now_on(self):
        with declared_temporarily(thank_the_cook_task, **BLOCK) as task:
            order = make_order()
            with transaction.atomic():
                run_post_payment_hooks(order)

            assert StepRun.objects.get(order_id=order.pk, step=task.name).lane == "default"

    def test_is_routed_listed_and_has_its_policy_on_the_task(self):
        with declared_temporarily(thank_the_cook_task, **BLOCK) as task:
            assert route(task.name) == {"queue": "default", "priority": 4}
            assert task.name in current_app.tasks
            assert menu.find("thank_the_cook").title == "Thank the cook."
            assert (task.max_retries, task.default_retry_delay) == (2, 30)

        assert "thank_the_cook" not in [step.name for step in menu]

    def test_is_carried_out(self):
        with declared_temporarily(thank_the_cook_task, **BLOCK) as task:
            order = make_order()
            with transaction.atomic():
                run_post_payment_hooks(order)

            assert task(order.pk) == {"success": True, "order_id": order.pk, "thanked_for": order.pk}

    def test_is_checked_at_start(self):
        with (
            declared_temporarily(
                thank_the_cook_task, **{**BLOCK, "effect": Effect.OUTSIDE, "timeout_seconds": 35}
            ),
            override_settings(CELERY_TASK_TIME_LIMIT=90, CELERY_TASK_SOFT_TIME_LIMIT=60),
        ):
            found = [problem for problem in run_checks() if "thank_the_cook" in problem.msg]

        assert [problem.id for problem in found] == ["pipeline.E003"]
        assert "130" in found[0].hint

    def test_is_only_warned_of_while_somebody_tries_a_short_limit(self):
        with override_settings(DEBUG=True, CELERY_TASK_TIME_LIMIT=2, CELERY_TASK_SOFT_TIME_LIMIT=1):
            found = [problem for problem in run_checks() if "sync_order_to_pos" in problem.msg]

        assert [(problem.id, problem.is_serious()) for problem in found] == [("pipeline.W003", False)]
        assert "100" in found[0].hint

    @pytest.mark.parametrize(
        ("block", "complaint"),
        [
            ({"timeout_seconds": 60}, "timeout_seconds is 60; 35 is the most"),
            ({"priority": 12}, "priority is 12; write 0 to 9"),
        ],
    )
    def test_is_refused_with_the_remedy_where_it_cannot_work(self, block, complaint):
        with pytest.raises(ValueError, match=complaint):
            post_payment_step(**{**BLOCK, **block})(thank_the_cook_task)

    def test_needs_a_docstring_and_the_right_parameters(self):
        def silent_task(order_id):
            return {"order_id": order_id}

        def curious_task(order_id, weather):
            """Ask too much."""
            return {"weather": weather, "order_id": order_id}

        with pytest.raises(TypeError, match="needs a docstring"):
            post_payment_step(**BLOCK)(silent_task)
        with pytest.raises(TypeError, match="must take either `order_id` or `order_ids`"):
            post_payment_step(**BLOCK)(curious_task)

    def test_cannot_be_declared_twice(self):
        with (
            declared_temporarily(thank_the_cook_task, **BLOCK),
            pytest.raises(ValueError, match="declared twice"),
        ):
            post_payment_step(**BLOCK)(thank_the_cook_task)


class TestMenu:
    @pytest.mark.parametrize(("task", "lane"), LANES.items(), ids=lambda value: getattr(value, "name", ""))
    def test_routes_each_task_as_the_seed_says(self, task, lane):
        assert (route(task.name)["queue"], route(task.name)["priority"]) == lane

    def test_is_overridden_by_the_routes_of_the_settings(self):
        name = tasks.record_payment_analytics_task.name
        with override_settings(CELERY_TASK_ROUTES={name: {"queue": "default"}}):
            assert route(name) == {"queue": "default", "priority": 3}

    @pytest.mark.parametrize(
        "routes",
        [
            {"payments.tasks.record_payment_*": {"queue": "default", "priority": 1}},
            ([("payments.tasks.record_payment_analytics_task", {"queue": "default", "priority": 1})],),
            ("tests.architecture.test_menu.default_and_low", {"payments.*": "emails"}),
        ],
        ids=["pattern", "pairs", "function"],
    )
    def test_is_overridden_by_routes_in_every_form_that_celery_knows(self, routes):
        with override_settings(CELERY_TASK_ROUTES=routes):
            assert route(tasks.record_payment_analytics_task.name) == {"queue": "default", "priority": 1}

    def test_is_overridden_by_the_bare_name_of_a_queue(self):
        with override_settings(CELERY_TASK_ROUTES={"payments.tasks.*": "default"}):
            assert route(tasks.sync_order_to_pos_task.name) == {"queue": "default", "priority": 7}
            assert route("payments.tasks.my_custom_task") == {"queue": "default", "priority": 5}

    def test_puts_a_task_that_it_does_not_know_in_the_middle(self):
        assert route("somebody.elses_task") == {"priority": 5}

    def test_complains_of_a_default_priority_that_would_win_over_it(self):
        with override_settings(CELERY_TASK_DEFAULT_PRIORITY=5):
            [problem] = [problem for problem in run_checks() if problem.id == "pipeline.E005"]

        assert "Remove it." in problem.hint

    @pytest.mark.parametrize("wrong", [{"queue": "emals"}, "emals"])
    @pytest.mark.parametrize("tasks", ["payments.tasks.x", "payments.*"])
    def test_complains_of_a_route_to_a_queue_that_is_none(self, tasks, wrong):
        with override_settings(CELERY_TASK_ROUTES={tasks: wrong}):
            [problem] = [problem for problem in run_checks() if problem.id == "pipeline.E001"]

        assert problem.hint == "Did you mean 'emails'?"

    @pytest.mark.parametrize("priority", [10, -1, "high", None])
    def test_complains_of_a_priority_that_is_none(self, priority):
        with override_settings(CELERY_TASK_ROUTES={"payments.tasks.x": {"priority": priority}}):
            [problem] = [problem for problem in run_checks() if problem.id == "pipeline.E004"]

        assert problem.hint == "Write 0 to 9, higher is sooner."
