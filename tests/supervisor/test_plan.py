"""
Which processes run, for what was asked.
"""

import subprocess
import sys

import pytest

from pipeline.queues import Queue
from rms_backend.supervisor.lanes import DEFAULT_LANES
from rms_backend.supervisor.plan import has_a_dispatcher, plan
from rms_backend.supervisor.wishes import ImpossibleWish, Wishes

WORDS = {"queues": None, "pool": "prefork", "loglevel": "info"}


def command_lines(**wishes) -> list[str]:
    """
    What would run, from the name of the app on.
    """
    found = plan(Wishes.from_words(**{**WORDS, **wishes}))
    return [" ".join(one.command(name=one.name, port=one.port)[5:]) for one in found]


class TestDefaultLanes:
    def test_serve_every_queue_exactly_once(self):
        served = [queue for lanes in DEFAULT_LANES for queue in lanes.queues]

        assert sorted(served) == sorted(Queue)

    @pytest.mark.parametrize("alone", [Queue.POST_PAYMENT, Queue.EMAILS, Queue.POS_SYNC, Queue.DEFAULT])
    def test_keep_the_dispatcher_and_each_kind_of_outside_call_to_themselves(self, alone):
        assert [lanes.queues for lanes in DEFAULT_LANES if alone in lanes.queues] == [(alone,)]


class TestPlan:
    def test_without_options_is_one_worker_for_each_of_the_default_lanes(self):
        assert command_lines() == [
            "rms_backend worker --hostname=dispatcher@%h --queues=post_payment --pool=prefork --concurrency=1 --loglevel=info",
            "rms_backend worker --hostname=emails@%h --queues=emails --pool=prefork --concurrency=2 --loglevel=info",
            "rms_backend worker --hostname=pos_sync@%h --queues=pos_sync --pool=prefork --concurrency=2 --loglevel=info",
            (
                "rms_backend worker --hostname=counters@%h --queues=analytics,loyalty,inventory --pool=prefork "
                "--concurrency=1 --loglevel=info"
            ),
            "rms_backend worker --hostname=default@%h --queues=default --pool=prefork --concurrency=2 --loglevel=info",
        ]

    def test_adds_beat_and_flower(self):
        assert command_lines(beat=True, flower=True, loglevel="debug")[5:] == [
            "rms_backend beat --loglevel=debug",
            "rms_backend flower --port=5555",
        ]

    def test_gives_every_worker_all_of_the_named_queues(self):
        found = plan(Wishes.from_words(**{**WORDS, "queues": "emails, pos_sync,emails"}, workers=2))

        assert [(one.name, one.queues, one.is_one_of_many) for one in found] == [
            ("worker", (Queue.EMAILS, Queue.POS_SYNC), True)
        ] * 2

    def test_names_a_worker_of_one_queue_after_it(self):
        assert "--hostname=loyalty@%h --queues=loyalty" in command_lines(queues="loyalty")[0]

    def test_doubles_each_of_the_default_lanes_for_two_workers(self):
        assert [one.name for one in plan(Wishes(workers=2))] == [
            lanes.name for lanes in DEFAULT_LANES for _ in range(2)
        ]

    def test_uses_the_given_concurrency_and_pool_everywhere(self):
        found = command_lines(concurrency=3, pool="threads")

        assert all("--pool=threads --concurrency=3" in line for line in found)

    def test_does_one_thing_at_a_time_in_a_solo_worker(self):
        assert all("--concurrency=1" in line for line in command_lines(pool="solo"))

    @pytest.mark.parametrize(
        ("queues", "sends"), [(None, True), ("emails,post_payment", True), ("emails,pos_sync", False)]
    )
    def test_knows_whether_it_has_a_dispatcher(self, queues, sends):
        assert has_a_dispatcher(plan(Wishes.from_words(**{**WORDS, "queues": queues}))) is sends

    def test_runs_celery_with_the_python_that_runs_us(self):
        command = plan(Wishes())[0].command(name="dispatcher")

        assert command[:6] == [sys.executable, "-m", "celery", "--quiet", "-A", "rms_backend"]


class TestImpossibleWish:
    @pytest.mark.parametrize(
        ("wish", "complaint"),
        [
            (
                {"queues": "emails,emals"},
                (
                    "There is no queue 'emals'. Did you mean 'emails'? There are: default, post_payment, emails, pos_sync, "
                    "analytics, loyalty, inventory."
                ),
            ),
            ({"queues": "Emails"}, "Did you mean 'emails'?"),
            ({"queues": "xyzzy"}, "There is no queue 'xyzzy'. There are: default,"),
            ({"queues": " , "}, "--queues names no queue. There are: default,"),
            ({"queues": ""}, "--queues names no queue."),
            ({"loglevel": "inof"}, "There is no log level 'inof'. Did you mean 'info'?"),
            ({"pool": "preforc"}, "There is no pool 'preforc'. Did you mean 'prefork'?"),
            (
                {"pool": "gevent"},
                "--pool gevent is not for us: on Redis a green pool never gets back the messages",
            ),
            ({"pool": "eventlet"}, "Use --pool prefork, or threads"),
            ({"pool": "solo", "concurrency": 4}, "Leave --concurrency out, or use --pool prefork."),
            ({"workers": 0}, "--workers is 0. Write a whole number from 1."),
            ({"concurrency": -1}, "--concurrency is -1. Write a whole number from 1."),
        ],
    )
    def test_is_refused_with_the_remedy(self, wish, complaint):
        with pytest.raises(ImpossibleWish) as refused:
            Wishes.from_words(**{**WORDS, **wish})

        assert complaint in str(refused.value)

    def test_is_not_a_log_level_in_capitals(self):
        assert Wishes.from_words(**{**WORDS, "loglevel": "INFO"}).loglevel == "info"


class TestCommand:
    def test_refuses_an_unknown_queue_in_one_line_and_starts_nothing(self):
        found = subprocess.run(
            [sys.executable, "manage.py", "start_celery_workers", "--queues", "emials"],
            capture_output=True,
            text=True,
            check=False,
        )

        assert (found.returncode, found.stdout) == (1, "")
        assert found.stderr.startswith("CommandError: There is no queue 'emials'. Did you mean 'emails'?")
        assert len(found.stderr.splitlines()) == 1
