"""
Links that the fault proxy cuts, mutes, closes or garbles.
"""

import socket
import struct

import pytest

from tests.chaos.echo import Echo
from tests.chaos.guest import ask, guest, hear
from tests.chaos.proxy import (
    Blackhole,
    Corrupt,
    FaultProxy,
    HalfClose,
    Limit,
    Refuse,
    Reset,
    Slicer,
    Stall,
    Way,
)


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


def assert_reset(connection: socket.socket) -> None:
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
