import json
from base64 import b64encode

from tests.chaos.check.queue import Count
from tests.chaos.naive.pending import read, with_the_workers
from tests.chaos.naive.verdict import set_apart


def message(*, task="tests.chaos.naive.tasks.sync_order_to_pos_task", args=(7,)):
    body = b64encode(json.dumps([args, {}, {}]).encode()).decode()
    return {"body": body, "headers": {"task": task}}


class TestPendingTasks:
    def test_are_read_from_a_queue_and_from_what_nobody_acknowledged(self):
        waiting = json.dumps(message()).encode()
        unacked = json.dumps([message(args=(8,)), "", "pos_sync"]).encode()

        assert read([waiting, unacked]) == {("sync_order_to_pos_task", 7), ("sync_order_to_pos_task", 8)}

    def test_leave_out_what_is_no_message(self):
        unreadable = json.dumps({**message(), "body": "bm90IGpzb24="}).encode()

        assert (
            read([b"this is no message", b"[]", b"7", unreadable, json.dumps(message(args=())).encode()])
            == set()
        )

    def test_are_read_from_the_answers_of_the_workers(self):
        active = {"name": "naive.process_loyalty_rewards_task", "args": [3]}
        later = {"eta": "2026-01-01", "request": {"name": "naive.sync_order_to_pos_task", "args": (4,)}}

        found = with_the_workers([{"w1": [active]}, {"w2": [later], "w3": []}, None])

        assert found == {("process_loyalty_rewards_task", 3), ("sync_order_to_pos_task", 4)}


class TestNaiveVerdict:
    def test_counts_apart_from_what_is_gone_what_may_still_come(self):
        till = Count(sink="orders at the till", expected=4, found=3, lost=("a", "b"), doubled=("c",))
        late = {"orders at the till": {"b", "c"}, "sales counted": {"a", "b", "c"}}

        found = set_apart(
            None, counts=[till], sums={"sales counted": -5, "orders out of stock": 2}, late=late
        )

        assert (found.counts[0].lost, found.counts[0].doubled) == (("a",), ("c",))
        assert found.sums == {"sales counted": -2, "orders out of stock": 2}
        assert found.late == {"orders at the till": 1, "sales counted": 3, "orders out of stock": 0}
        assert (found.lost, found.doubled, found.not_yet) == (3, 3, 4)
