import json
import signal
import subprocess
import sys
import time

import pytest

from benchmarks.lanes.bare import answers_per_second
from benchmarks.lanes.outside import SINKS, Unfinished, exactly_once
from benchmarks.place import ROOT
from devtools.show.crew import any_free_port


class TestSink:
    @pytest.mark.parametrize("name", SINKS)
    def test_answers_and_tells_what_came(self, name, tmp_path):
        port, truth = any_free_port(), tmp_path / "truth.json"
        words = ["--port", str(port), "--truth", str(truth), "--seconds", "0.001"]
        sink = subprocess.Popen(
            [sys.executable, "-m", SINKS[name], *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            assert sink.stdout.readline() == "serves\n"
            answers_per_second(name, port, at_once=4, answers=20)
            sink.send_signal(signal.SIGUSR1)
            give_up_at = time.monotonic() + 10
            while not truth.exists():
                assert time.monotonic() < give_up_at
            told = json.loads(truth.read_text())
        finally:
            sink.terminate()
            sink.wait(10)

        assert sum(told["came"].values()) == len(told["answered"]) == 20
        assert told["most_at_once"] <= 4


class TestExactlyOnce:
    @pytest.mark.parametrize("came", [{}, {"a": 2}])
    def test_is_loud_about_what_is_missing_or_came_twice(self, came):
        with pytest.raises(Unfinished):
            exactly_once(came, ["a"])

    def test_is_content_with_one_of_each(self):
        exactly_once({"a": 1, "warm": 3}, ["a"])
