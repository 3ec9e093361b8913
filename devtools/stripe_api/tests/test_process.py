"""
The stand-in as a process of its own.
"""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from devtools.stripe_api import StripeApiClient
from devtools.stripe_api.tests.conftest import sale
from devtools.stripe_sender import events

ROOT = Path(__file__).parents[3]
DEADLINE_SECONDS = 15


@contextmanager
def process_in(home):
    command = [sys.executable, "-m", "devtools.stripe_api", "--home", str(home)]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout.readline().startswith("Stripe's API answers at http://127.0.0.1:")
        yield process
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_SECONDS)


def address(home):
    return json.loads((home / "stripe.json").read_text())["url"]


class TestProcess:
    def test_comes_back_at_the_same_address_with_the_same_truth_after_it_was_killed(self, tmp_path):
        with process_in(tmp_path):
            first = address(tmp_path)
            StripeApiClient(first).happened(events.payment_intent_succeeded(sale()))

        with process_in(tmp_path):
            assert address(tmp_path) == first
            assert StripeApiClient(first).count("payment_intent") == 1

    def test_ends_cleanly_when_it_is_told_to(self, tmp_path):
        with process_in(tmp_path) as process:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=DEADLINE_SECONDS)

        assert (process.returncode, errors) == (0, "")
        assert not (tmp_path / "stripe.json").exists()

    @pytest.mark.parametrize("host", ["0.0.0.0", "example.org"])
    def test_opens_on_loopback_only(self, tmp_path, host):
        command = [sys.executable, "-m", "devtools.stripe_api", "--home", str(tmp_path), "--host", host]

        ended = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
        )

        assert ended.returncode == 2
        assert "is not a loopback address" in ended.stderr
