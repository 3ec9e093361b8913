"""
What a step's Celery task does with a call: a hint of the dispatcher is carried out, a call by hand is also answered.
"""

from collections.abc import Sequence

from pipeline import journal
from pipeline.failures import NotPromised
from pipeline.models import State, StepRun
from pipeline.results import Result
from pipeline.runner import carry_out
from pipeline.steps import Report, Step


def to_the_dispatcher(step: Step, order_id: int | Sequence[int]) -> None:
    """
    Carry out the step for the orders of a dispatched message; what is not open and due is left alone.
    """
    subjects = [order_id] if isinstance(order_id, int) else list(order_id)
    results = carry_out(step, subjects)
    if left := sorted(set(subjects) - results.keys()):
        journal.record("step.not_claimed", **journal.untried(step, left))


def by_hand(step: Step, order_id: int | Sequence[int], *arguments: object) -> Report:
    """
    Carry out the step for one order, due or not, and say how it ended.

    With further arguments it is a request of its own (a receipt to another address), which touches no step run.
    """
    if not isinstance(order_id, int):
        raise TypeError(f"{step.name} by hand takes one order id, not {order_id!r}.")
    if arguments:
        return _on_request(step, order_id, *arguments)
    result = carry_out(step, [order_id], by_hand=True).get(order_id)
    return _answer(order_id, result) if result else _how_it_stands(step, order_id)


def _on_request(step: Step, order_id: int, *arguments: object) -> Report:
    if step.on_request is None:
        raise TypeError(f"{step.name} takes an order id and nothing else.")
    report = step.on_request(order_id, *arguments)
    journal.record("step.sent_on_request", step=step.name, order_id=order_id)
    return {"success": True, "order_id": order_id, **report}


def _answer(order_id: int, result: Result) -> Report:
    if result.state is State.DONE:
        return {"success": True, "order_id": order_id, **result.report}
    return {"success": False, "order_id": order_id, "state": str(result.state), "because": result.because}


def _how_it_stands(step: Step, order_id: int) -> Report:
    """
    The answer when there was nothing to claim.
    """
    run = StepRun.objects.filter(step=step.name, subject_id=order_id).first()
    if run is None:
        raise NotPromised(f"Order {order_id} has no promise of {step.name}: it is unknown, or not paid.")
    if run.state == State.DONE:
        return {"success": True, "order_id": order_id, "already": "done"}
    return {"success": False, "order_id": order_id, "state": run.state, "because": run.because}
