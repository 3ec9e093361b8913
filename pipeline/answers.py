"""
What a step's Celery task does with a call: a hint of the dispatcher is carried out, a call by hand is also answered.
"""

from collections.abc import Sequence

from pipeline import journal
from pipeline.failures import NotPromised
from pipeline.models import State, StepRun
from pipeline.results import Result
from pipeline.runner import carry_out
from pipeline.steps import Report, Step, Subject


def to_the_dispatcher(step: Step, subject_id: int | Sequence[int]) -> None:
    """
    Carry out the step for the orders (or refunds) of a dispatched message; what is not open and due is left alone.
    """
    subjects = [subject_id] if isinstance(subject_id, int) else list(subject_id)
    results = carry_out(step, subjects)
    if left := sorted(set(subjects) - results.keys()):
        journal.record("step.not_claimed", **journal.untried(step, left))


def by_hand(step: Step, subject_id: int | Sequence[int], *arguments: object) -> Report:
    """
    Carry out the step for one order (or refund), due or not, and say how it ended.

    With further arguments it is a request of its own (a receipt to another address), which touches no step run.
    """
    if not isinstance(subject_id, int):
        raise TypeError(f"{step.name} by hand takes one {_id_of(step)}, not {subject_id!r}.")
    if arguments:
        return _on_request(step, subject_id, *arguments)
    result = carry_out(step, [subject_id], by_hand=True).get(subject_id)
    answer = _answer(result) if result else _how_it_stands(step, subject_id)
    return {"success": answer.pop("success"), _id_of(step): subject_id, **answer}


def _id_of(step: Step) -> str:
    return "order_id" if step.subject is Subject.ORDER else "refund_id"


def _on_request(step: Step, order_id: int, *arguments: object) -> Report:
    if step.on_request is None:
        raise TypeError(f"{step.name} takes an {_id_of(step)} and nothing else.")
    report = step.on_request(order_id, *arguments)
    journal.record("step.sent_on_request", step=step.name, order_id=order_id)
    return {"success": True, "order_id": order_id, **report}


def _answer(result: Result) -> Report:
    if result.state is State.DONE:
        return {"success": True, **result.report}
    return {"success": False, "state": str(result.state), "because": result.because}


def _how_it_stands(step: Step, subject_id: int) -> Report:
    """
    The answer when there was nothing to claim.
    """
    run = StepRun.objects.filter(step=step.name, subject_id=subject_id).first()
    if run is None:
        whose = f"{step.subject.value.replace('_', ' ').capitalize()} {subject_id}"
        raise NotPromised(f"{whose} has no promise of {step.name}: it is unknown, not paid, or forgotten.")
    if run.state == State.DONE:
        return {"success": True, "already": "done"}
    return {"success": False, "state": run.state, "because": run.because}
