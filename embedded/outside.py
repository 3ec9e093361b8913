"""Make a folder below the system's temporary state for what cannot live in the checkout."""

import os
import stat
import tempfile
from hashlib import sha256
from pathlib import Path

from embedded.errors import EmbeddedServersFailed
from embedded.files import own_mode


def make_outside(path: Path) -> Path:
    """
    A folder with a name nobody can guess in advance, so nobody can have put one there for us.
    """
    mark = sha256(os.fsencode(path)).hexdigest()[:8]
    for base in ("/var/tmp", tempfile.gettempdir()):  # noqa: S108 - mkdtemp makes it safe; /var/tmp survives a reboot
        if not os.access(base, os.W_OK) or os.statvfs(base).f_flag & getattr(os, "ST_NOEXEC", 0):
            continue
        made = Path(tempfile.mkdtemp(prefix=f"rms-backend-{mark}-", dir=base))
        made.chmod(own_mode())
        return made
    raise EmbeddedServersFailed(
        "Neither /var/tmp nor the temporary folder can be used. Set TMPDIR to one that can."
    )


def must_be_ours(path: Path) -> None:
    """
    Refuse a link, or a folder that somebody else has put there.
    """
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise EmbeddedServersFailed(
            f"{path} is not a folder of the user who runs this command (owner {found.st_uid}). "
            "Run the command as its owner, or remove the folder."
        )
