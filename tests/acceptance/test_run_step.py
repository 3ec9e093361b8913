"""
`manage.py run_step` as a developer calls it: no worker, no broker.
"""

import pytest
from django.db import transaction
from django.utils import timezone

from devtools.till import Mode
from payments.hooks import run_post_payment_hooks
from tests.acceptance.house import House

pytestmark = pytest.mark.acceptance

NOBODY = "redis://:secret@127.0.0.1:1/0"


class TestRunStep:
    def test_needs_neither_broker_nor_worker(self, house: House):
        house.kill_worker()
        [order] = house.orders(1)
        order.mark_paid(paid_at=timezone.now())
        with transaction.atomic():
            run_post_payment_hooks(order)
        house.till.break_down(Mode.SERVER_ERROR, status=503, times=1)

        failed, done = (
            house.manage("run_step", "sync_order_to_pos", str(order.pk), ISOLATED_CELERY_BROKER_URL=NOBODY)
            for _ in range(2)
        )

        assert failed.returncode == 1
        assert "now waiting because: " in failed.stderr
        assert "Traceback" in failed.stderr
        assert "step.failed" in failed.stderr
        assert done.returncode == 0, done.stderr
        assert (
            f"step.done step=payments.tasks.sync_order_to_pos_task order_id={order.pk} attempt=2"
            in done.stderr
        )
        assert len(house.till.orders(reference_id=str(order.public_id))) == 1
