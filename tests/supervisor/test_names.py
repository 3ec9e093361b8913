"""
Names that nobody else on this machine has.
"""

import subprocess
import sys

import pytest

from rms_backend.supervisor.names import CannotKeepNames, Names

BROKER = "redis://:secret@127.0.0.1:6379/0"


@pytest.fixture
def supervisor(tmp_path):
    """
    Makes the names of one supervisor more.
    """
    made = []

    def another(broker_url: str = BROKER) -> Names:
        made.append(Names.beside(tmp_path, broker_url=broker_url))
        return made[-1]

    yield another
    for names in made:
        names.release()


def take(names: Names, *wanted: str, many: bool = False) -> list[tuple[str, bool]]:
    found = [names.take(one, is_one_of_many=many) for one in wanted]
    return [(name.text, name.is_second_choice) for name in found]


class TestNames:
    def test_are_those_that_were_wanted(self, supervisor):
        assert take(supervisor(), "emails", "beat") == [("emails", False), ("beat", False)]

    def test_are_numbered_where_there_are_many(self, supervisor):
        assert take(supervisor(), "emails", "emails", many=True) == [("emails-1", False), ("emails-2", False)]

    def test_differ_from_those_of_another_supervisor(self, supervisor):
        take(supervisor(), "emails", "beat")

        assert take(supervisor(), "emails", "beat") == [("emails-2", True), ("beat-2", True)]

    def test_go_on_counting_where_another_supervisor_has_many(self, supervisor):
        take(supervisor(), "emails", "emails", many=True)

        assert take(supervisor(), "emails", "emails", many=True) == [("emails-3", True), ("emails-4", False)]

    def test_are_free_again_after_their_supervisor(self, supervisor):
        first = supervisor()
        take(first, "emails")

        first.release()

        assert take(supervisor(), "emails") == [("emails", False)]

    def test_stay_taken_while_a_process_that_bears_one_is_alive(self, supervisor):
        first = supervisor()
        name = first.take("emails", is_one_of_many=False)
        with subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(name.lock,)
        ) as bearer:
            first.release()
            while_it_lives = take(supervisor(), "emails")
            bearer.communicate(b"\n")

        assert while_it_lives == [("emails-2", True)]
        assert take(supervisor(), "emails") == [("emails", False)]

    def test_do_not_meet_where_the_brokers_differ(self, supervisor):
        take(supervisor("redis://:secret@127.0.0.1:6379/0"), "emails")

        assert take(supervisor("redis://:secret@127.0.0.1:6380/0"), "emails") == [("emails", False)]

    def test_do_not_depend_on_the_password_of_the_broker(self, supervisor):
        first, second = supervisor(BROKER), supervisor("redis://:rolled@127.0.0.1:6379/0")

        assert first.folder == second.folder

    def test_complain_about_a_lock_that_cannot_be_opened(self, tmp_path):
        names = Names.beside(tmp_path, broker_url=BROKER)
        (names.folder / "emails.lock").mkdir()

        with pytest.raises(CannotKeepNames, match=r"emails\.lock cannot be opened: .*Remove it"):
            names.take("emails", is_one_of_many=False)

    def test_complain_about_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "var").touch()

        with pytest.raises(CannotKeepNames, match=r"cannot be made: .*Make it writable"):
            Names.beside(tmp_path, broker_url=BROKER)
