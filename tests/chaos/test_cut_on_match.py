"""
A link is cut exactly at the words that were named, however they are cut into pieces.
"""

import itertools
import re
import socket

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.echo import Echo
from tests.chaos.proxy import CutOnMatch, FaultProxy, Way
from tests.chaos.proxy.matching import Scanner


def guest(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(proxy.address, timeout=10)


def answer(connection: socket.socket, size: int) -> bytes:
    """
    The next `size` bytes. (A socket with a timeout ignores MSG_WAITALL: it is non-blocking inside.)
    """
    with connection.makefile("rb", buffering=0) as stream:
        read = b""
        while len(read) < size and (piece := stream.read(size - len(read))):
            read += piece
    return read


class TestCutOnMatch:
    def test_keeps_the_match_and_all_behind_it_from_the_server(self, echo: Echo):
        with FaultProxy(upstream=echo.address) as proxy, guest(proxy) as connection:
            proxy.break_down(CutOnMatch(pattern=rb"\d+;"), Way.TO_SERVER)
            connection.sendall(b"pay 12; thanks")

            proxy.wait_for_cut()
            echo.wait_for(lambda echo: echo.endings == ["reset"])

        assert echo.text == b"pay "
        assert proxy.counters.matches == 1

    def test_can_let_the_match_through_first(self, echo: Echo):
        with FaultProxy(upstream=echo.address) as proxy, guest(proxy) as connection:
            proxy.break_down(CutOnMatch(pattern=rb"\d+;", forward_match=True), Way.TO_SERVER)
            connection.sendall(b"pay 12; thanks")

            proxy.wait_for_cut()
            echo.wait_for(lambda echo: echo.endings == ["reset"])

        assert echo.text == b"pay 12;"

    def test_cuts_at_the_nth_match_over_all_connections_and_then_no_more(self, echo: Echo):
        with FaultProxy(upstream=echo.address) as proxy:
            proxy.break_down(CutOnMatch(pattern=b"pay;", nth=3), Way.TO_SERVER)
            with guest(proxy) as one, guest(proxy) as other, guest(proxy) as third:
                one.sendall(b"pay;pay;")
                assert answer(one, 8) == b"pay;pay;"
                other.sendall(b"pay;")
                proxy.wait_for_cut()
                third.sendall(b"pay;")
                assert answer(third, 4) == b"pay;"

            assert (proxy.counters.matches, proxy.counters.cuts) == (4, 1)

    def test_can_cut_several_matches_in_a_row(self, echo: Echo):
        with FaultProxy(upstream=echo.address) as proxy:
            proxy.break_down(CutOnMatch(pattern=b"pay;", times=2), Way.TO_SERVER)
            for cuts in (1, 2):
                with guest(proxy) as connection:
                    connection.sendall(b"pay;")
                    proxy.wait_for_cut(cuts=cuts)
            with guest(proxy) as connection:
                connection.sendall(b"pay;")
                assert answer(connection, 4) == b"pay;"

    def test_never_lets_the_whole_match_through_where_it_comes_in_pieces(self, echo: Echo):
        with FaultProxy(upstream=echo.address) as proxy, guest(proxy) as connection:
            proxy.break_down(CutOnMatch(pattern=b"COMMIT"), Way.TO_CLIENT)
            connection.sendall(b"COM")
            assert answer(connection, 3) == b"COM"
            connection.sendall(b"MIT!")

            proxy.wait_for_cut()
            echo.wait_for(lambda echo: echo.endings == ["reset"])

        assert echo.text == b"COMMIT!"  # only the answer was cut
        assert proxy.counters.bytes_to_client == 3


class TestScanner:
    @given(text=st.text("ab;", max_size=40), borders=st.lists(st.integers(0, 40)))
    def test_finds_the_same_matches_wherever_the_text_is_cut_into_pieces(self, text, borders):
        words = text.encode()
        cuts = sorted({0, len(words), *(border for border in borders if border < len(words))})
        scanner = Scanner(rb"a[ab]{0,5};", longest=10)

        ends = []
        for start, end in itertools.pairwise([*cuts, len(words)]):
            at = start
            while at < end and (found := scanner.first(words[at:end])):
                at += found[1]
                ends.append(at)

        assert ends == [match.end() for match in re.finditer(rb"a[ab]{0,5};", words)]
