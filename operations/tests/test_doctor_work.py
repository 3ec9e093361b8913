"""
What the doctor makes of workers, rows and memory.
"""

from dataclasses import replace

from django.test import SimpleTestCase, TestCase, override_settings

from operations.doctor import memory, promises, work
from operations.doctor.finding import Level
from pipeline import lanes
from pipeline.claims import Claim
from pipeline.memory import MemoryUse, of_processes
from pipeline.models import StepRun
from pipeline.queues import Queue
from pipeline.roll_call import Present
from pipeline.statements import execute
from pipeline.steps import menu
from pipeline.testing import database_step, make_due, promised

MB = 1_000_000
MEMORY = MemoryUse(machine="a", main_bytes=60 * MB, child_bytes=(50 * MB, 70 * MB), limit_bytes=1000 * MB)
COMPLETE = Present(
    node="all@a",
    queues=tuple(queue.value for queue in Queue),
    tasks=frozenset({menu.dispatcher, *(step.name for step in menu)}),
    concurrency=2,
    time_limit_seconds=300,
    memory=MEMORY,
)


def levels(findings):
    return [finding.level for finding in findings]


class TestWorkers(SimpleTestCase):
    def test_that_do_everything_are_well(self):
        crew = [COMPLETE]

        found = [
            *work.somebody_works(crew), *work.every_queue_is_consumed(crew), *work.every_step_is_known(crew),
            *work.same_time_limit(crew), *memory.of_machines(crew, limit_bytes=None), *memory.of_processes(crew),
        ]  # fmt: skip

        self.assertEqual(levels(found), [Level.OK] * 6)

    def test_are_missed_where_none_is(self):
        [found] = work.somebody_works([])

        self.assertEqual(found.level, Level.PROBLEM)
        self.assertIn("no worker answers", found.said)
        self.assertIn("celery -A rms_backend worker", found.remedy)
        self.assertEqual(work.every_queue_is_consumed([]) + work.every_step_is_known([]), [])

    def test_leave_queues_without_a_consumer(self):
        found = work.every_queue_is_consumed([replace(COMPLETE, queues=("emails",))])

        self.assertEqual(len(found), 6)
        by_queue = {finding.said.split("queue ")[1].split(":")[0].rstrip("."): finding for finding in found}
        self.assertIn("nothing at all is dispatched", by_queue["post_payment"].said)
        self.assertIn("sync_order_to_pos, cancel_order_at_pos cannot happen", by_queue["pos_sync"].said)
        self.assertIn("--queues=pos_sync", by_queue["pos_sync"].remedy)

    def test_do_not_consume_a_queue_that_is_none(self):
        name = menu.find("sync_order_to_pos").name
        with override_settings(CELERY_TASK_ROUTES={name: {"queue": "pos_snyc"}}):
            [unconsumed] = work.every_queue_is_consumed([COMPLETE])
            [route] = work.routes()

        self.assertEqual((unconsumed.level, route.level), (Level.PROBLEM, Level.PROBLEM))
        self.assertIn("sync_order_to_pos cannot happen", unconsumed.said)
        self.assertEqual(route.remedy, "Did you mean 'pos_sync'?")

    def test_that_run_other_code_are_named(self):
        old = replace(COMPLETE, node="old@a", tasks=COMPLETE.tasks - {menu.find("sync_order_to_pos").name})

        [found] = work.every_step_is_known([COMPLETE, old])

        self.assertEqual(
            (found.said, found.remedy),
            ("old@a does not know sync_order_to_pos: it runs other code.", "Restart it."),
        )

    def test_with_another_time_limit_are_named(self):
        [found] = work.same_time_limit([COMPLETE, replace(COMPLETE, node="slow@a", time_limit_seconds=900)])

        self.assertEqual(found.level, Level.WARNING)
        self.assertIn("slow@a lives by 900 s", found.said)


class TestRoutes(SimpleTestCase):
    def test_to_a_task_that_is_none_get_a_suggestion(self):
        with override_settings(
            CELERY_TASK_ROUTES={"payments.tasks.sync_order_to_poss_task": {"queue": "emails"}}
        ):
            [found] = work.routes()

        self.assertEqual(found.level, Level.WARNING)
        self.assertEqual(found.remedy, "Did you mean payments.tasks.sync_order_to_pos_task?")

    def test_of_other_packages_are_none_of_our_business(self):
        with override_settings(CELERY_TASK_ROUTES={"other.tasks.x": {"queue": "emails"}, "payments.*": {}}):
            self.assertEqual(levels(work.routes()), [Level.OK])


class TestMemory(SimpleTestCase):
    def test_is_summed_by_machine(self):
        crew = [
            COMPLETE,
            replace(COMPLETE, node="b", memory=replace(MEMORY, machine="b", limit_bytes=200 * MB)),
        ]

        on_a, on_b = memory.of_machines(crew, limit_bytes=None)

        self.assertEqual(on_a.level, Level.OK)
        self.assertEqual(on_b.level, Level.PROBLEM)
        self.assertIn(
            "High memory usage: 1 worker with 2 processes of 60 MB on b: 180 MB of 200 MB", on_b.said
        )
        self.assertIn("--concurrency", on_b.remedy)
        self.assertIn("CELERY_WORKER_MAX_TASKS_PER_CHILD", on_b.remedy)

    def test_of_two_workers_of_a_machine_is_one_sum(self):
        [found] = memory.of_machines([COMPLETE, replace(COMPLETE, node="b")], limit_bytes=300 * MB)

        self.assertIn("360 MB", found.said)
        self.assertEqual(found.level, Level.PROBLEM)

    def test_of_one_grown_process_is_named(self):
        grown = replace(COMPLETE, node="grown@a", memory=replace(MEMORY, child_bytes=(50 * MB, 700 * MB)))

        [found] = memory.of_processes([COMPLETE, grown])

        self.assertEqual(found.said, "One process of grown@a takes 700 MB.")
        self.assertIn("--max-memory-per-child", found.remedy)

    def test_that_a_worker_does_not_tell_is_a_note(self):
        self.assertEqual(
            levels(memory.of_machines([replace(COMPLETE, memory=None)], limit_bytes=None)), ["note"]
        )

    def test_is_measured(self):
        import os  # noqa: PLC0415

        before = of_processes(os.getpid(), [])
        hoard = b"x" * (50 * MB)
        after = of_processes(os.getpid(), [])

        self.assertGreater(after.main_bytes - before.main_bytes, 40 * MB)
        self.assertEqual(len(hoard), 50 * MB)
        self.assertGreater(after.limit_bytes, after.main_bytes)

    def test_of_a_process_that_is_gone_is_nothing(self):
        self.assertEqual(of_processes(2**22 + 1, [2**22 + 2]).sum_bytes, 0)

    def test_runs_full_where_results_stay_for_ever(self):
        with override_settings(CELERY_RESULT_EXPIRES=None):
            [found] = memory.results_expire()

        self.assertEqual(found.level, Level.PROBLEM)
        self.assertEqual(levels(memory.results_expire()), [Level.OK])


class TestPromises(TestCase):
    def setUp(self):
        self.step = self.enterContext(database_step(queue=Queue.LOYALTY))

    def test_in_time_are_well(self):
        promised(self.step, 1)

        found = [*promises.overdue(), *promises.unclaimed(), *promises.paused(), *promises.buried()]

        self.assertEqual(levels(found), [Level.OK] * 4)

    def test_that_are_overdue_are_named_by_lane(self):
        promised(self.step, 1, 2)
        make_due(self.step, 1, 2)
        execute("UPDATE pipeline_steprun SET due_at = due_at - interval '5 minutes' WHERE subject_id = 2")

        [found] = promises.overdue()

        self.assertEqual(found.level, Level.PROBLEM)
        self.assertIn("2 step runs of the lane loyalty are overdue, the oldest for 301 s.", found.said)

    def test_that_wait_on_a_paused_lane_are_paused_and_not_overdue(self):
        promised(self.step, 1)
        execute("UPDATE pipeline_steprun SET due_at = due_at - interval '5 minutes'")
        lanes.pause(lane=Queue.LOYALTY, by="anna", reason="points are counted anew")

        [paused] = promises.paused()

        self.assertEqual(levels(promises.overdue()), [Level.OK])
        self.assertIn("paused by anna", paused.said)
        self.assertIn("points are counted anew", paused.said)
        self.assertIn("lanes.resume(lane=lanes.Queue('loyalty'), by='YOU')", paused.remedy)

    def test_that_nobody_takes_are_named(self):
        promised(self.step, 1)
        StepRun.objects.update(state="sent", sends=3)

        self.assertIn("1 step runs of the lane loyalty were sent 3 times", promises.unclaimed()[0].said)

    def test_that_are_buried_are_counted_by_step(self):
        promised(self.step, 1)
        Claim.take(step=self.step, subjects=[1]).fail(1, because="no", wait=None, unknown=False)

        [found] = promises.buried()

        self.assertEqual(found.level, Level.WARNING)
        self.assertTrue(found.said.startswith("1 of change_database lie buried"))
        self.assertIn("step='change_database'", found.remedy)
