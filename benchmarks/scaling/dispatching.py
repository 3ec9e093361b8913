"""
A dispatcher and nothing else, at work as often as a busy web process asks for one: `python -m benchmarks.scaling.dispatching`.
"""

import sys
import time

import django

READY = "dispatcher is ready."


def main() -> None:
    django.setup()

    from benchmarks.scaling import rounds  # noqa: PLC0415 - Django must be set up
    from pipeline import dispatcher  # noqa: PLC0415
    from pipeline.nudge import LONGEST_GAP_SECONDS  # noqa: PLC0415

    dispatcher.dispatch(take_back=False)
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()
    while True:
        began = time.monotonic()
        rounds.note(dispatcher.dispatch(take_back=False))
        time.sleep(max(0.0, began + LONGEST_GAP_SECONDS - time.monotonic()))


if __name__ == "__main__":
    main()
