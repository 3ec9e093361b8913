"""
Whether this worker has been asked to stop: then a message takes on no new orders, and the worker ends within one request.
"""

import mmap
from typing import Any

# Anonymous and shared: the pool's processes are forked after this module is imported, and see what the main one writes.
_asked = mmap.mmap(-1, 1)


def stop_taking_on(**_signal: Any) -> None:
    """
    Tell all processes of this worker. Celery calls it when a signal to stop arrives.
    """
    _asked[0] = 1


def is_stopping() -> bool:
    """
    Has it been asked to?
    """
    return _asked[0] == 1
