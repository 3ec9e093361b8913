"""
The step runs of an order are its own and those of its refunds; both are found by an index.
"""

from django.db import connection
from django.test import TestCase

from pipeline.models import StepRun
from pipeline.testing import database_step, promised, promised_of_refund


class TestStepRunsOfAnOrder(TestCase):
    def setUp(self):
        self.step = self.enterContext(database_step())
        self.reversal = self.enterContext(database_step(name="undo_it_task"))

    def test_are_its_own_and_those_of_its_refunds(self):
        [own] = promised(self.step, 7)
        promised(self.step, 8, 9)
        of_refund = promised_of_refund(self.reversal, 3, order_id=7)
        promised_of_refund(self.reversal, 7, order_id=8)

        self.assertCountEqual(StepRun.of_orders([7]), [own, of_refund])

    def test_are_its_own_and_those_of_a_refund_with_the_number_of_the_order(self):
        [own] = promised(self.step, 7)
        of_refund = promised_of_refund(self.reversal, 7, order_id=7)

        self.assertCountEqual(StepRun.of_orders([7]), [own, of_refund])

    def test_are_found_without_reading_the_whole_table(self):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # on a table this small it would be right

        plan = StepRun.of_orders([7, 8]).explain()

        self.assertIn("step_run_once_per_subject", plan)
        self.assertIn("step_run_of_refund", plan)
        self.assertNotIn("Seq Scan", plan)
