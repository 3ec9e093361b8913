"""Name the user PostgreSQL runs as, because it refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import EmbeddedServersFailed

NOBODY = 65534
# A real write, because neither the mode bits nor root's own eyes know about every mount, ACL and umask.
PROBE = ".probe"
TRY_TO_WRITE = f'touch "$0/{PROBE}" && rm "$0/{PROBE}"'


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of this machine; `uid` is None for the user we are already."""

    uid: int | None = None
    gid: int | None = None

    @property
    def is_other(self) -> bool:
        return self.uid is not None

    @property
    def groups(self) -> list[int] | None:
        return [] if self.is_other else None

    @property
    def name(self) -> str:
        try:
            return pwd.getpwuid(os.geteuid() if self.uid is None else self.uid).pw_name
        except KeyError:
            return str(self.uid)

    def owns(self, path: Path) -> None:
        """
        Give a file or folder of ours to this account.
        """
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_run(self, argv: Sequence[str | Path]) -> bool:
        return self._run(argv).returncode == 0

    def can_write_in(self, folder: Path) -> bool:
        return self.can_run(["/bin/sh", "-c", TRY_TO_WRITE, folder])

    def run(
        self, argv: Sequence[str | Path], *, env: dict[str, str], stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return self._run(argv, env=env, stdin=stdin)

    def _run(
        self, argv: Sequence[str | Path], *, env: dict[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                argv,
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
                cwd="/",
                env=env,
                umask=0o077,
                user=self.uid,
                group=self.gid,
                extra_groups=self.groups,
            )
        except OSError as error:
            if os.geteuid() == 0 and isinstance(error, PermissionError) and not self._may_be_become():
                raise EmbeddedServersFailed(
                    f"PostgreSQL does not run as root, and root may not become {self.name} here. "
                    "Run the command as an ordinary user."
                ) from error
            return subprocess.CompletedProcess(argv, returncode=126, stdout=str(error))

    def _may_be_become(self) -> bool:
        try:
            subprocess.run(
                ["/bin/true"], check=False, cwd="/", user=self.uid, group=self.gid, extra_groups=self.groups
            )
        except PermissionError:
            return False
        except FileNotFoundError:
            return True
        return True


def postgres_account(room: Path | None = None) -> Account:
    """
    Whoever owns the data already; else ourselves, or, for root, an account without rights.
    """
    if os.geteuid() != 0:
        return Account()
    if room is not None and room.is_dir() and (owner := room.stat()).st_uid != 0:
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=found.pw_uid, gid=found.pw_gid)
    return Account(uid=NOBODY, gid=NOBODY)
