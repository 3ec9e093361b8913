"""
A few orders up and down a low ladder: real workers, real dispatchers, every effect looked at; and the bill of a few more.
"""

import json
import subprocess
import sys

import pytest

from benchmarks.place import ROOT
from benchmarks.tests.small_climb import MANY, ORDERS

pytestmark = pytest.mark.acceptance

PATIENCE_SECONDS = 200
STEPS = 6
KINDS = ("workers", "dispatchers")


@pytest.fixture(scope="module")
def climbed():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.tests.small_climb"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4_000:]
    return json.loads(done.stdout.splitlines()[-1])


class TestLadder:
    def test_has_a_rung_for_so_many_of_each_kind(self, climbed):
        assert [(rung["kind"], rung["many"]) for rung in climbed["rungs"]] == [
            (kind, many) for kind in KINDS for many in MANY
        ]

    def test_counts_every_step_run_as_sent_once(self, climbed):
        # The run audits its effects itself: it would not have come to its end.
        for rung in climbed["rungs"]:
            assert rung["doubled"] == 0
            assert rung["drained"]["orders"] == ORDERS
            # What a process that pays sent by itself is in nobody's rounds.
            assert 0 < rung["rounds"]["sent"] <= ORDERS * STEPS

    def test_finds_rounds_that_came_back_empty_where_dispatchers_wait_for_orders(self, climbed):
        assert all(
            0 < rung["rounds"]["empty"] < rung["rounds"]["made"]
            for rung in climbed["rungs"]
            if rung["kind"] == "dispatchers"
        )


class TestBill:
    def test_says_what_an_order_costs_each_server_when_calm_and_under_load(self, climbed):
        bill = climbed["bill"]
        for pace in ("calm", "load", "load_logged"):
            assert bill[pace]["transactions"] > 1
            assert bill[pace]["wal_bytes"] > 1_000
            assert bill[pace]["commands"] > bill[pace]["messages"] > 0
        assert bill["calm"]["transactions"] > bill["load"]["transactions"]

    def test_counts_statements_only_while_they_are_logged(self, climbed):
        bill = climbed["bill"]

        assert bill["load"]["statements"] == 0
        assert bill["calm"]["statements"] > bill["load_logged"]["statements"] > 1

    def test_weighs_what_an_order_leaves_in_the_tables(self, climbed):
        whole, indexes = climbed["bill"]["bytes_kept"]["pipeline_steprun"]

        assert whole > indexes > 0
