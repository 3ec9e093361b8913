"""
The loop: start everything, keep it up, and stop it when asked, or when one of them cannot be helped.
"""

import time
from collections.abc import Sequence

from rms_backend.supervisor.child import Child, State
from rms_backend.supervisor.signals import Signals
from rms_backend.supervisor.wording import Voice

LOOK_SECONDS = 1.0
EAGER_LOOK_SECONDS = 0.1
REMIND_SECONDS = 10.0
GAVE_UP = 1
ENDED_BY = 128  # a shell's exit status for "ended by signal n" is 128 + n


class Supervisor:
    """
    All children, and what has been decided about them.
    """

    def __init__(self, children: Sequence[Child], voice: Voice) -> None:
        self._children = children
        self._voice = voice
        self._is_stopping = False
        self._has_killed = False
        self._were_all_ready = False
        self._remind_at = 0.0

    def run(self) -> int:
        """
        The whole life of a supervisor; returns its exit status.
        """
        with Signals() as signals:
            for child in self._children:
                child.start(time.monotonic())
            while not all(child.has_ended for child in self._children):
                self._obey(signals)
                self._look()
                self._announce()
                self._wait(signals)
            return self._farewell(signals)

    def _obey(self, signals: Signals) -> None:
        if signals.ask_to_stop and not self._is_stopping:
            self._voice.say(
                f"{signals.heard[0].name}: stopping. What is at work is finished; a second signal ends it now."
            )
            self._stop()
        if signals.ask_to_stop_now:  # also when both came at once: who is not stopping would be started again
            self._kill()

    def _look(self) -> None:
        for child in self._children:
            child.look(time.monotonic())
        given_up = [child for child in self._children if child.state is State.GIVEN_UP]
        if given_up and not self._is_stopping:
            self._voice.say(f"{given_up[0].name.text} cannot be helped. The last it said:")
            self._voice.quote(given_up[0].name.text, given_up[0].last_words)
            self._voice.say("Stopping everything. Mend that, then start again.")
            self._stop()

    def _announce(self) -> None:
        are_ready = all(child.state is State.READY for child in self._children)
        if are_ready and not self._were_all_ready:
            self._voice.say(_all_ready(len(self._children)))
        self._were_all_ready = are_ready
        if self._is_stopping and time.monotonic() >= self._remind_at:
            self._remind()

    def _wait(self, signals: Signals) -> None:
        is_eager = any(child.state in (State.STARTING, State.RESTARTING) for child in self._children)
        reading = [child.speaks_at for child in self._children if child.speaks_at is not None]
        signals.wait(EAGER_LOOK_SECONDS if is_eager else LOOK_SECONDS, reading=reading)

    def _farewell(self, signals: Signals) -> int:
        if any(child.state is State.GIVEN_UP for child in self._children):
            self._voice.say("Gave up.")
            return GAVE_UP
        if self._has_killed:
            self._voice.say(
                "Everything has been ended. What was at work is taken up again by the next worker."
            )
            return ENDED_BY + signals.heard[-1]
        self._voice.say("Everything has stopped.")
        return 0

    def _stop(self) -> None:
        self._is_stopping = True
        self._remind_at = time.monotonic() + REMIND_SECONDS
        for child in self._children:
            child.stop(time.monotonic())

    def _kill(self) -> None:
        self._has_killed = True
        for child in self._children:
            child.kill()

    def _remind(self) -> None:
        self._remind_at = time.monotonic() + REMIND_SECONDS
        waiting_for = ", ".join(str(child) for child in self._children if not child.has_ended)
        self._voice.say(f"Still waiting for {waiting_for} to finish what is at work.")


def _all_ready(number: int) -> str:
    return "The process is ready." if number == 1 else f"All {number} processes are ready."
