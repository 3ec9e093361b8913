"""
The fault proxy does to a link what it says, and nothing else.
"""

import contextlib
import socket
import struct
import time

import pytest

from tests.chaos.echo import Echo
from tests.chaos.guest import ask, guest, hear
from tests.chaos.proxy import (
    FAULTS,
    Bandwidth,
    Blackhole,
    Corrupt,
    CutOnMatch,
    FaultProxy,
    HalfClose,
    Latency,
    Limit,
    NeverHappened,
    Pass,
    Refuse,
    Reset,
    Slicer,
    Stall,
    Way,
)

ONE_OF_EACH = (
    Pass(), Latency(seconds=0.01, jitter=0.01), Bandwidth(bytes_per_second=1_000), Blackhole(), Stall(), Refuse(), Reset(),
    HalfClose(), Limit(after_bytes=3), Slicer(piece_bytes=1), CutOnMatch(pattern=b"never"), Corrupt(after_bytes=10_000),
)  # fmt: skip


class TestFaultProxy:
    def test_carries_everything_unchanged_while_nothing_is_wrong(self, proxy: FaultProxy):
        question = bytes(range(256)) * 200

        with guest(proxy) as connection:
            assert ask(connection, question) == question

        proxy.wait_for(lambda counters: counters.bytes_to_client == len(question) + 5)
        assert proxy.counters.bytes_to_server == len(question) + 5
        assert proxy.counters.connections == 1
        assert proxy.counters.cuts == 0

    def test_passes_the_end_of_one_direction_on_and_leaves_the_other_open(
        self, proxy: FaultProxy, echo: Echo
    ):
        with guest(proxy) as connection:
            connection.sendall(b"last words")
            connection.shutdown(socket.SHUT_WR)

            assert hear(connection, 10) == b"last words"
            assert connection.recv(1) == b""
        echo.wait_for(lambda echo: echo.endings == ["fin"])

    def test_reaches_a_server_on_a_unix_socket(self, tmp_path):
        with (
            Echo.on_unix(tmp_path / "s") as echo,
            FaultProxy(upstream=tmp_path / "s") as proxy,
            guest(proxy) as connection,
        ):
            proxy.break_down(CutOnMatch(pattern=b"cut", forward_match=True), Way.TO_SERVER)
            connection.sendall(b"a cut here")

            proxy.wait_for_cut()
            echo.wait_for(lambda echo: bool(echo.endings))
            assert echo.text == b"helloa cut"

    def test_hangs_up_where_its_server_does_not_answer(self):
        with Echo.on_tcp() as closed:
            address = closed.address

        with (
            FaultProxy(upstream=address) as proxy,
            socket.create_connection(proxy.address, timeout=10) as connection,
        ):
            assert connection.recv(1) == b""
            assert proxy.counters.refused == 1

    def test_says_when_what_was_waited_for_never_happened(self, proxy: FaultProxy):
        with pytest.raises(NeverHappened, match="cuts=0"):
            proxy.wait_for_cut(0.01)

    @pytest.mark.parametrize("fault", ONE_OF_EACH, ids=lambda fault: type(fault).__name__)
    def test_is_as_new_after_each_fault_was_mended(self, proxy: FaultProxy, fault):
        with guest(proxy) as connection:
            proxy.break_down(fault)
            with contextlib.suppress(ConnectionResetError):  # that is what Reset does
                connection.sendall(b"into the fault")
            proxy.mend()

        with guest(proxy) as connection:
            assert ask(connection, b"well again") == b"well again"

    def test_knows_no_fault_that_is_not_tried_here(self):
        assert tuple(type(fault) for fault in ONE_OF_EACH) == FAULTS

    def test_passes_a_reset_on_after_what_came_before_it(self, proxy: FaultProxy, echo: Echo):
        with guest(proxy) as connection:
            connection.sendall(b"last words")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        echo.wait_for(lambda echo: bool(echo.endings))
        assert (echo.text, echo.endings) == (b"hellolast words", ["reset"])


class TestLatency:
    def test_delays_one_direction_and_keeps_the_order(self, proxy: FaultProxy):
        with guest(proxy) as connection:
            proxy.break_down(Latency(seconds=0.1, jitter=0.05, seed=3), Way.TO_CLIENT)
            began = time.monotonic()

            assert ask(connection, b"0123456789" * 1_000) == b"0123456789" * 1_000
            assert time.monotonic() - began >= 0.05

    def test_does_not_hold_up_what_comes_behind(self, proxy: FaultProxy, echo: Echo):
        question = b"x" * 4_000_000  # dozens of pieces
        with guest(proxy) as connection:
            proxy.break_down(Latency(seconds=0.5), Way.TO_SERVER)
            began = time.monotonic()

            connection.sendall(question)
            connection.shutdown(socket.SHUT_WR)
            assert len(hear(connection, len(question))) == len(question)

        assert 0.5 <= time.monotonic() - began < 5

    def test_lets_go_at_once_what_it_held_when_mended(self, proxy: FaultProxy):
        with guest(proxy) as connection:
            proxy.break_down(Latency(seconds=3_600))
            connection.sendall(b"late")
            proxy.mend()

            assert hear(connection, 4) == b"late"


class TestBandwidth:
    def test_carries_no_more_than_so_many_bytes_a_second(self, proxy: FaultProxy):
        with guest(proxy) as connection:
            proxy.break_down(Bandwidth(bytes_per_second=10_000), Way.TO_SERVER)
            began = time.monotonic()

            assert ask(connection, b"x" * 5_000) == b"x" * 5_000
            assert time.monotonic() - began >= 0.4
