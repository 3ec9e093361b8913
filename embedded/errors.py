"""Say in one or two sentences what went wrong, and what to do about it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OTHERWISE = "or set DATABASE_URL and CELERY_BROKER_URL to servers of your own"

REMEDIES = {
    errno.ENOSPC: "Free some disk space and try again.",
    errno.EDQUOT: "Your disk quota is used up: free some space and try again.",
    errno.EROFS: f"Use a folder that can be written, {OTHERWISE}.",
    errno.EACCES: f"Make it accessible to the user of this command, {OTHERWISE}.",
    errno.EPERM: f"Run the command as the user who owns it, {OTHERWISE}.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).",
}


class EmbeddedServersFailed(Exception):
    """The embedded servers cannot be used as things are."""


@contextmanager
def in_one_sentence(doing: str) -> Iterator[None]:
    """
    Turn what the operating system refused into a sentence with its remedy.
    """
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        remedy = REMEDIES.get(error.errno or 0, f"Look into the folder, {OTHERWISE}.")
        raise EmbeddedServersFailed(
            f"Unable to {doing}{where}: {error.strerror or error}. {remedy}"
        ) from error


def last_lines(log: Path, *, since: int = 0, count: int = 3) -> str:
    """
    What a log said last, on one line, to be quoted in a sentence.
    """
    try:
        with log.open("rb") as lines:
            lines.seek(since)
            said = lines.read()[-4000:].decode(errors="replace").splitlines()
    except OSError:
        return "nothing"
    return " | ".join([line.strip() for line in said if line.strip()][-count:]) or "nothing"
