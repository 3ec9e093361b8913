"""
The fault proxy does to a link what it says, and nothing else.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from tests.chaos.echo import Echo
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


@pytest.fixture
def proxy(echo: Echo) -> Iterator[FaultProxy]:
    with FaultProxy(upstream=echo.address) as proxy:
        yield proxy


@contextlib.contextmanager
def guest(proxy: FaultProxy) -> Iterator[socket.socket]:
    """
    A connection through the proxy that has been used once.
    """
    with socket.create_connection(proxy.address, timeout=10) as connection:
        assert ask(connection, b"hello") == b"hello"
        yield connection


def ask(connection: socket.socket, question: bytes) -> bytes:
    connection.sendall(question)
    return hear(connection, len(question))


def hear(connection: socket.socket, count: int) -> bytes:
    heard = b""
    while len(heard) < count and (piece := connection.recv(count - len(heard))):
        heard += piece
    return heard


def assert_reset(connection: socket.socket) -> None:
    with pytest.raises(ConnectionResetError):
        connection.recv(1)


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


class TestBlackhole:
    def test_swallows_what_is_sent_and_tells_nobody_of_an_end(self, proxy: FaultProxy, echo: Echo):
        with guest(proxy) as connection:
            proxy.break_down(Blackhole())
            connection.sendall(b"gone")
        proxy.wait_for(lambda counters: counters.swallowed == 4)

        assert echo.text == b"hello"
        assert echo.endings == []

    def test_may_swallow_the_answers_only(self, proxy: FaultProxy, echo: Echo):
        with guest(proxy) as connection:
            proxy.break_down(Blackhole(), Way.TO_CLIENT)
            connection.sendall(b"done?")
            proxy.wait_for(lambda counters: counters.swallowed == 5)

            assert echo.text == b"hellodone?"

    def test_leaves_no_connection_with_a_hole_in_it(self, proxy: FaultProxy):
        with guest(proxy) as connection, guest(proxy) as untouched:
            proxy.break_down(Blackhole())
            connection.sendall(b"gone")
            proxy.wait_for(lambda counters: counters.swallowed == 4)

            proxy.mend()

            assert_reset(connection)
            assert ask(untouched, b"fine") == b"fine"

    def test_accepts_new_connections(self, proxy: FaultProxy, echo: Echo):
        proxy.break_down(Blackhole())
        with socket.create_connection(proxy.address, timeout=10) as connection:
            connection.sendall(b"anybody?")
            proxy.wait_for(lambda counters: counters.swallowed == 8)

        assert echo.heard == []


class TestStall:
    def test_keeps_everything_until_it_is_mended(self, proxy: FaultProxy, echo: Echo):
        with guest(proxy) as connection:
            proxy.break_down(Stall())
            connection.sendall(b"first ")
            connection.sendall(b"second")
            connection.shutdown(socket.SHUT_WR)
            kept = echo.text

            proxy.mend()

            assert hear(connection, 12) == b"first second"
            assert kept == b"hello"

    def test_lets_the_server_hear_of_a_reset_only_when_it_is_mended(self, proxy: FaultProxy, echo: Echo):
        with guest(proxy) as connection:
            proxy.break_down(Stall())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        heard_of_it = bool(echo.endings)

        proxy.mend()

        echo.wait_for(lambda echo: echo.endings == ["reset"])
        assert not heard_of_it


class TestRefuse:
    def test_refuses_new_connections_and_keeps_the_old_ones(self, proxy: FaultProxy):
        with guest(proxy) as connection:
            proxy.break_down(Refuse())

            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(proxy.address, timeout=10)
            assert ask(connection, b"still here") == b"still here"
            proxy.mend()
            with guest(proxy):
                pass


class TestReset:
    def test_resets_both_sides_of_every_connection_and_lets_new_ones_in(self, proxy: FaultProxy, echo: Echo):
        with guest(proxy) as one, guest(proxy) as other:
            proxy.break_down(Reset())

            assert_reset(one)
            assert_reset(other)
        echo.wait_for(lambda echo: echo.endings == ["reset", "reset"])
        assert proxy.counters.cuts == 2
        with guest(proxy):
            pass


class TestHalfClose:
    def test_ends_one_direction_only(self, proxy: FaultProxy):
        with guest(proxy) as connection:
            proxy.break_down(HalfClose(), Way.TO_CLIENT)

            assert connection.recv(1) == b""
            connection.sendall(b"I can still talk")
            proxy.wait_for(lambda counters: counters.bytes_to_server == 5 + 16)


class TestLimit:
    def test_lets_exactly_so_many_bytes_through_and_resets(self, proxy: FaultProxy, echo: Echo):
        with guest(proxy) as connection:
            proxy.break_down(Limit(after_bytes=7), Way.TO_SERVER)
            connection.sendall(b"0123456789")

            proxy.wait_for_cut()
            echo.wait_for(lambda echo: echo.endings == ["reset"])

        assert echo.text == b"hello0123456"


class TestSlicer:
    def test_delivers_in_small_pieces(self, proxy: FaultProxy, echo: Echo):
        with guest(proxy) as connection:
            proxy.break_down(Slicer(piece_bytes=2, pause_seconds=0.01), Way.TO_SERVER)

            assert ask(connection, b"0123456789") == b"0123456789"

        assert len(echo.heard) > 3  # the hello and at least three pieces: a busy machine may join some


class TestCorrupt:
    def test_turns_one_byte_and_no_other(self, proxy: FaultProxy):
        with guest(proxy) as connection:
            proxy.break_down(Corrupt(after_bytes=1), Way.TO_SERVER)

            assert ask(connection, b"abc") == b"a" + bytes([ord("b") ^ 0xFF]) + b"c"
            assert ask(connection, b"abc") == b"abc"
