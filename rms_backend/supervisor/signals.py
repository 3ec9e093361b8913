"""
What the system tells the supervisor: stop, stop now, or a process has ended.
"""

import os
import select
import signal
from types import FrameType
from typing import Self


class Signals:
    """
    SIGTERM, SIGINT and SIGHUP ask to stop; each further SIGTERM or SIGINT asks to stop now.
    """

    def __init__(self) -> None:
        self.heard: list[signal.Signals] = []
        self._wake, self._write_end = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._write_end, False)

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # `nohup` and a shell's `&` ignore some for us. That stays so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._hear)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a process that ended wakes us at once
        return self

    def __exit__(self, *_how: object) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._wake)
        os.close(self._write_end)

    # Questions

    @property
    def ask_to_stop(self) -> bool:
        return bool(self.heard)

    @property
    def ask_to_stop_now(self) -> bool:
        # A terminal that closes says SIGHUP twice, once by itself and once by its shell: nobody is impatient then.
        return len([number for number in self.heard[1:] if number is not signal.SIGHUP]) > 0

    def wait(self, seconds: float, *, reading: list[int]) -> set[int]:
        """
        Wait for a signal, for something to read, or for the time to pass; returns what can be read.
        """
        readable, _, _ = select.select([self._wake, *reading], [], [], seconds)
        if self._wake in readable:
            os.read(self._wake, 4096)
        return set(readable) - {self._wake}

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self.heard.append(signal.Signals(number))
