"""
What workers answer to `celery control`, where Celery's own answer is none.
"""

from typing import Any

from celery.platforms import EX_OK
from celery.worker import state as worker_state
from celery.worker.control import control_command

from pipeline.stopping import stop_taking_on


@control_command()
def shutdown(state: Any, **_kwargs: Any) -> dict[str, str]:  # noqa: ARG001 - Celery's signature
    """
    Shutdown worker(s).
    """
    # Celery's own command raises at once, so no reply ever leaves and `celery control shutdown` ends with "No nodes
    # replied" and 69, as if it had failed. This is what SIGTERM does: finish what runs, then end.
    stop_taking_on()
    worker_state.should_stop = EX_OK
    return {"ok": "finishes what is under way, then ends"}
