"""
What trees of processes cost.
"""

import os
import subprocess
import sys

from benchmarks import processes

# A parent whose child works, and is buried before the parent says so.
WORKS = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(30_000_000))']); print(flush=True); sys.stdin.read()"


class TestTree:
    def test_counts_the_time_of_children_that_have_ended(self):
        with subprocess.Popen(
            [sys.executable, "-c", WORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as parent:
            parent.stdout.readline()

            spent = processes.cpu_seconds(parent.pid)

            own = [process.pid for process in processes.tree(parent.pid)]
        assert own == [parent.pid]
        assert spent > 0.1

    def test_leaves_out_what_is_not_to_be_counted(self):
        assert processes.cpu_seconds(os.getpid(), without=frozenset({os.getpid()})) < processes.cpu_seconds(
            os.getpid()
        )

    def test_of_somebody_who_is_gone_is_empty(self):
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()

        assert processes.tree(gone.pid) == []

    def test_holds_memory(self):
        assert processes.pss_bytes(os.getpid()) > 1_000_000
