"""
What processes say, and how it is passed on.
"""

import io
import os

import pytest

from rms_backend.supervisor.output import LAST_WORDS, READ_AT_ONCE, Output
from rms_backend.supervisor.wording import Voice, how_it_ended, ordinal


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    output = Output(os.fdopen(reading, "rb", buffering=0))
    yield output, lambda text: os.write(writing, text)
    output.close()
    os.close(writing)


class TestOutput:
    def test_gives_whole_lines_and_keeps_the_beginning_of_the_next(self, pipe):
        output, write = pipe

        write(b"one\ntwo\nth")
        first = output.lines()
        write(b"ree\n")

        assert (first, output.lines(), output.lines()) == (["one", "two"], ["three"], [])

    def test_gives_the_unfinished_line_at_the_end(self, pipe):
        output, write = pipe
        write(b"one\nlast words")

        assert output.rest() == ["one", "last words"]

    def test_leaves_out_empty_lines_and_stands_bytes_that_are_no_text(self, pipe):
        output, write = pipe
        write(b"\n\n\xff ready\n")

        assert output.lines() == ["\N{REPLACEMENT CHARACTER} ready"]

    def test_cuts_a_line_without_an_end(self, pipe):
        output, write = pipe
        said = 0

        for _ in range(5):
            write(b"x" * (READ_AT_ONCE // 2))
            said += sum(len(line) for line in output.lines())

        assert said >= READ_AT_ONCE

    def test_remembers_the_last_words(self, pipe):
        output, write = pipe

        write("".join(f"{n}\n" for n in range(100)).encode())
        output.lines()

        assert list(output.last_words) == [str(n) for n in range(100 - LAST_WORDS, 100)]

    def test_knows_when_nobody_can_speak_any_more(self):
        reading, writing = os.pipe()
        output = Output(os.fdopen(reading, "rb", buffering=0))

        os.close(writing)

        assert (output.lines(), output.is_open) == ([], False)
        output.close()


class TestVoice:
    def test_puts_the_name_of_the_speaker_before_each_line(self):
        stream = io.StringIO()
        voice = Voice(stream, names=["emails", "a_long_name"])

        voice.quote("emails", ["ready."])
        voice.say("All 2 processes are ready.")

        assert stream.getvalue() == "emails      | ready.\nsupervisor  | All 2 processes are ready.\n"

    def test_stands_a_terminal_that_knows_few_letters(self):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

        Voice(stream, names=[]).say("Café")

        assert stream.buffer.getvalue() == b"supervisor | Caf?\n"

    def test_goes_silent_where_nobody_listens(self):
        reading, writing = os.pipe()
        os.close(reading)
        voice = Voice(os.fdopen(writing, "w"), names=[])

        voice.say("one")
        voice.say("two")


class TestWording:
    @pytest.mark.parametrize(
        ("returncode", "words"),
        [(0, "exit status 0"), (1, "exit status 1"), (-9, "SIGKILL"), (-99, "signal 99")],
    )
    def test_of_an_end_tells_a_signal_by_its_name(self, returncode, words):
        assert how_it_ended(returncode) == words

    @pytest.mark.parametrize(
        ("number", "word"),
        [
            (1, "1st"),
            (2, "2nd"),
            (3, "3rd"),
            (4, "4th"),
            (11, "11th"),
            (12, "12th"),
            (21, "21st"),
            (112, "112th"),
        ],
    )
    def test_of_a_number_says_which_time(self, number, word):
        assert ordinal(number) == word
