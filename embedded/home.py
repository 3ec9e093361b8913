"""
Decide where everything of these servers lives, once, and keep to it.

Usually that is one folder below the checkout. Two things cannot live there always, and then get a folder
below the system's temporary state, whose path is noted in home/home.json and which `remove` removes:

* PostgreSQL's data, when root started it and PostgreSQL's own user cannot reach the checkout (below /root, umask 077);
* the sockets, when their path would be longer than the kernel takes, or holds a character that libpq (a comma), a
  URL or a config file would read as something else.
"""

import json
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from embedded.accounts import PROBE, postgres_account
from embedded.errors import EmbeddedServersFailed, in_one_sentence
from embedded.files import PRIVATE, folder, own_mode, turn_in, write_whole
from embedded.outside import make_outside, must_be_ours

NOTE = "home.json"
LONGEST_SOCKET_PATH = 100  # Linux takes 107 bytes, macOS 103
LONGEST_SOCKET_NAME = len("/postgres/.s.PGSQL.5432")
PLAIN = re.compile(r"[A-Za-z0-9._/-]+")


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folders of one set of servers."""

    path: Path
    outside: Path | None = None
    data_outside: bool = False
    sockets_outside: bool = False

    # Questions

    @property
    def rooms(self) -> Path:
        """Where PostgreSQL's own user can work."""
        return self.outside if self.outside and self.data_outside else self.path

    @property
    def postgres_room(self) -> Path:
        return self.rooms / "postgres"

    @property
    def postgres_sockets(self) -> Path:
        return self._sockets / "postgres" if self.sockets_outside else self.postgres_room

    @property
    def broker_room(self) -> Path:
        return self.path / "broker"

    @property
    def broker_socket(self) -> Path:
        return self._sockets / "broker" / "valkey.sock"

    @property
    def _sockets(self) -> Path:
        return self.outside if self.outside and self.sockets_outside else self.path

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def alive(self, name: str) -> Path:
        return self.path / "run" / f"{name}.alive"

    def hold_flag(self, name: str) -> Path:
        return self.path / f"hold-{name}"

    # Changes

    def make_folders(self) -> None:
        """
        Make whatever is missing; the outside folder may have been swept away with the temporary files.
        """
        mode = own_mode()
        folder(self.path, mode=mode)
        if self.outside is not None:
            folder(self.outside, mode=mode)
            must_be_ours(self.outside)
        for private in (self.path / "logs", self.path / "run", self.broker_room, self.broker_socket.parent):
            folder(private)
        account = postgres_account(self.postgres_room)
        for room in {self.postgres_room, self.postgres_sockets}:
            account.owns(folder(room))

    def remove_outside(self) -> None:
        if self.outside is not None and self.outside.exists():
            must_be_ours(self.outside)
            shutil.rmtree(self.outside, ignore_errors=True)

    def remove(self) -> None:
        """
        Delete everything. The home is moved out of sight first, so that nobody moves into half of it.
        """
        with in_one_sentence(f"remove {self.path}"):
            self.remove_outside()
            leaving = self.path.with_name(f".{self.path.name}.leaving.{os.getpid()}")
            with suppress(OSError):
                self.path.rename(leaving)
            shutil.rmtree(leaving if leaving.exists() else self.path)


# Factories


def find_home(path: Path) -> Home | None:
    """
    The home at this path, if somebody has made one there, with the folder outside only if that is its own.
    """
    noted = _read_note(path)
    if noted is None or noted.path == path:
        return noted
    other = _read_note(noted.path)
    if other is not None and other.outside == noted.outside:
        return Home(path=path)  # a copy: the folder outside stays with the original
    return replace(noted, path=path)  # moved: the folder outside comes along


def open_home(path: Path) -> Home:
    """
    The home at this path, made on the first call.
    """
    with in_one_sentence(f"keep the embedded servers in {path}"):
        if not _is_settled(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=PRIVATE, exist_ok=True)
            must_be_ours(path)
            with turn_in(path):
                if not _is_settled(path):
                    _settle(path, before=find_home(path))
        must_be_ours(path)
        found = find_home(path)
    if found is None:
        raise EmbeddedServersFailed(f"{path} was deleted just now. Try again.")
    return found


def _read_note(path: Path) -> Home | None:
    try:
        noted = json.loads((path / NOTE).read_text())
        return Home(
            path=Path(noted["path"]),
            outside=Path(noted["outside"]) if noted["outside"] else None,
            data_outside=noted["data_outside"],
            sockets_outside=noted["sockets_outside"],
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise EmbeddedServersFailed(
            f"{path / NOTE} is unreadable. Delete the folder {path} (its data is lost) and try again."
        ) from error


def _is_settled(path: Path) -> bool:
    return (noted := _read_note(path)) is not None and noted.path == path


def _settle(path: Path, *, before: Home | None) -> None:
    """
    Decide what has to live outside. `before` is what was noted when this home had another path.
    """
    if before is None and not all(_is_half_settled(entry) for entry in path.iterdir()):
        raise EmbeddedServersFailed(f"{path} holds files that are not ours. Name an empty or a new folder.")
    path.chmod(own_mode())
    outside = before.outside if before else None
    data_outside = bool(outside and before and before.data_outside) or not _postgres_can_live_in(path)
    sockets_outside = not _is_good_for_sockets(path)
    if outside is None and (data_outside or sockets_outside):
        outside = make_outside(path)
    note = {"path": str(path), "outside": str(outside or ""), "data_outside": data_outside}
    write_whole(path / NOTE, json.dumps(note | {"sockets_outside": sockets_outside}, indent=1))


def _is_half_settled(entry: Path) -> bool:
    """
    Is it what a start that was killed in its first moment leaves?
    """
    if entry.name == "postgres" and entry.is_dir():
        return all(inside.name == PROBE for inside in entry.iterdir())
    return entry.name.startswith(f".{NOTE}.")


def _postgres_can_live_in(path: Path) -> bool:
    room = path / "postgres"
    account = postgres_account(room)
    if not account.is_other:
        return True
    existed = room.exists()
    account.owns(folder(room))
    if account.can_write_in(room):
        return True
    if not existed:
        room.rmdir()
    return False


def _is_good_for_sockets(path: Path) -> bool:
    return len(os.fsencode(path)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH and bool(
        PLAIN.fullmatch(str(path))
    )
