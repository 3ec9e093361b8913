"""
A Celery as its documentation recommends it for work of which nobody reads the result, and six tasks. No worker runs: what
counts here is publishing.
"""

from celery import Celery
from django.conf import settings

# Not the current one: ours stays what it is.
app = Celery(
    "peer",
    broker=settings.CELERY_BROKER_URL,
    set_as_current=False,
    task_ignore_result=True,
    task_default_queue="peer",
)


@app.task
def send_receipt(order_id: int) -> None:
    """E-mail the guest the receipt."""


@app.task
def tell_staff(order_id: int) -> None:
    """Tell the staff."""


@app.task
def ring_up(order_id: int) -> None:
    """Ring the order up at the till."""


@app.task
def count_sale(order_id: int) -> None:
    """Count the sale."""


@app.task
def credit_points(order_id: int) -> None:
    """Credit the guest with points."""


@app.task
def take_stock(order_id: int) -> None:
    """Take what was cooked out of the stock."""


@app.task
def follow_up(order_id: int) -> None:
    """All six in one."""


SIX = (send_receipt, tell_staff, ring_up, count_sale, credit_points, take_stock)
