"""
One figure by itself: `python -m benchmarks.figures p6_lanes [repeats]`.
"""

import sys
from importlib import import_module

for measured in import_module(f"benchmarks.figures.{sys.argv[1]}").measure(
    repeats=int((sys.argv[2:] or ["3"])[0]), full=False, say=print
):
    print(measured)  # noqa: T201 - this is the answer
