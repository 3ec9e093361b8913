"""
Where our own CPU time goes, order by order: `python -m benchmarks.where_it_goes [ORDERS]`.

First an ordinary run, split by process: who pays, the worker's main process, each of its pool processes, the servers,
before and after the workers are let go, with the statements that PostgreSQL was seen at. Then two workers without a pool under cProfile, one for the dispatcher and one for
all other lanes, and the functions in which they spent the most. A profiler slows Python down, so of the second part
only the proportions count.
"""

import pstats
import sys
from pathlib import Path

import django

from benchmarks import opening, place, processes
from benchmarks.sampling import Sampler

ORDERS, WARM_UP = 1_000, 200
FUNCTIONS, STATEMENTS = 45, 30
PROFILED = {"dispatcher": "post_payment", "lanes": "emails,pos_sync,analytics,loyalty,inventory,default"}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS
    with opening.opened() as here:
        django.setup()
        _by_process(here, count)
        _by_function(here, count)


def _by_process(here: place.Place, count: int) -> None:
    from benchmarks import drain, systems  # noqa: PLC0415 - Django must be set up
    from benchmarks.cashier import cashier  # noqa: PLC0415

    ids = drain.placed(here, WARM_UP + count)
    with cashier(here, systems.OURS) as desk, systems.OURS.at_work(here) as [worker]:
        drain.warm_up(here, desk, ids[:WARM_UP])
        desk.prepare(ids[WARM_UP:])
        root = here.crew.running[worker].pid
        before = {process.pid: process.seconds for process in processes.tree(root)}
        with Sampler(here.new_line()) as sampler:
            drained = drain.measured(here, desk, [worker], count=count)
        _say(f"{count} orders: {drained.facts()}")
        for process in processes.tree(root):
            who = "main process" if process.pid == root else "pool process"
            spent = 1000 * (process.seconds - before.get(process.pid, 0)) / count
            _say(f"  worker's {who} {process.pid}: {spent:.3f} CPU-ms per order")
    for (statement, doing), times in sampler.seen.most_common(STATEMENTS):
        _say(f"  {times:5} times {doing}: {statement}")


def _by_function(here: place.Place, count: int) -> None:
    from benchmarks import drain, systems  # noqa: PLC0415
    from benchmarks.cashier import cashier  # noqa: PLC0415

    ids = drain.placed(here, WARM_UP + count)
    files = {name: here.servers.home / f"{name}.prof" for name in PROFILED}
    with cashier(here, systems.OURS) as desk:
        for name, queues in PROFILED.items():
            here.start(
                name, "cProfile", "-o", str(files[name]), "-m", "celery", "-A", "rms_backend", "worker", "--pool=solo",
                "--loglevel=info", f"--hostname={name}@%h", f"--queues={queues}",
                says="ready.", settings=systems.OURS.settings,
            )  # fmt: skip
        drain.warm_up(here, desk, ids[:WARM_UP])
        desk.prepare(ids[WARM_UP:])
        drained = drain.measured(here, desk, list(PROFILED), count=count)
        here.dismiss()
    _say(f"under the profiler: {drained.facts()}")
    for name, file in files.items():
        _show(name, file)


def _show(name: str, file: Path) -> None:
    _say(f"\n=== {name} ===")
    stats = pstats.Stats(str(file), stream=sys.stdout)
    stats.strip_dirs().sort_stats("tottime").print_stats(FUNCTIONS)
    stats.sort_stats("cumulative").print_stats(FUNCTIONS)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
