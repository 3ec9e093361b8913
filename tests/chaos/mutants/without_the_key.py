"""
The scenario for a table of promises that has lost its unique key.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection

from pipeline.models import StepRun
from tests.chaos.mutants.findings import findings
from tests.chaos.mutants.kitchen import Kitchen

HOOKS_AGAIN = """
from django.db import transaction
from orders.models import Order
from payments.hooks import run_post_payment_hooks
with transaction.atomic():
    run_post_payment_hooks(Order.objects.get(pk={order}))
"""


def promised_twice(kitchen: Kitchen) -> list[str]:
    """
    The hooks of a paid order are run once more.
    """
    orders = kitchen.house.orders(1)
    kitchen.start_worker(sick=False)
    kitchen.house.pay(orders)
    kitchen.settle(orders)
    with the_key_gone(when=bool(kitchen.mutant)):
        code = HOOKS_AGAIN.format(order=orders[0].pk)
        again = kitchen.house.manage("shell", "--no-imports", "-c", code, **kitchen.sick)
        assert again.returncode == 0, again.stderr
        kitchen.settle(orders)
        found = findings(kitchen.house, orders)
        kitchen.house.kill_worker()
        call_command("flush", interactive=False, verbosity=0)  # before the key comes back
    return found


@contextmanager
def the_key_gone(*, when: bool) -> Iterator[None]:
    """
    The table of promises without its unique key, for the length of the block.
    """
    [key] = [c for c in StepRun._meta.constraints if c.name == "step_run_once_per_subject"]
    if not when:
        yield
        return
    with connection.schema_editor() as editor:
        editor.remove_constraint(StepRun, key)
    yield
    with connection.schema_editor() as editor:
        editor.add_constraint(StepRun, key)
