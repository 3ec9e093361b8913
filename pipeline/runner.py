"""
Carrying out a step for the orders of one message: the life of an attempt, top to bottom.
"""

from collections.abc import Sequence

from pipeline import inside, outside, reversals
from pipeline.claims import Claim
from pipeline.connections import with_a_usable_connection
from pipeline.results import Result
from pipeline.steps import Effect, Step


@with_a_usable_connection
def carry_out(step: Step, subjects: Sequence[int], *, by_hand: bool = False) -> dict[int, Result]:
    """
    Carry out the step for those subjects that are open and due, and return how each of them ended.

    Subjects that are done, buried, held by somebody else or not due are left alone and not in the answer.
    """
    if step.reverses:
        subjects = reversals.ready(step, subjects, by_hand=by_hand)
    if step.effect is Effect.OUTSIDE:
        return outside.carry_out(step, subjects, by_hand=by_hand)
    claim = Claim.take(step=step, subjects=subjects, by_hand=by_hand)
    return inside.carry_out(claim) if claim.attempts else {}
