"""
The machine we run on: room on its disks, and how many files a process may open.
"""

import os
import resource
import shutil
from pathlib import Path

from django.conf import settings

from operations.doctor.finding import Finding, ok, problem, warning

LITTLE, NEXT_TO_NOTHING = 0.05, 0.01
FEWEST_FILES = 1024
GIGABYTE = 1_000_000_000


def disks() -> list[Finding]:
    """
    Is there room where we write, and may we write there?
    """
    places = {"logs": settings.LOG_DIR}
    if settings.DATABASE_IS_EMBEDDED or settings.BROKER_IS_EMBEDDED:
        places["embedded data"] = Path(settings.EMBEDDED_HOME)
    return [_disk(subject, _nearest(place)) for subject, place in places.items()]


def open_files() -> list[Finding]:
    """
    May a process open enough files and connections?
    """
    may, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if may != resource.RLIM_INFINITY and may < FEWEST_FILES:
        said = f"A process may open only {may} files and connections."
        return [
            warning("open files", said, f"Raise it: `ulimit -n {FEWEST_FILES}`, or LimitNOFILE= of the unit.")
        ]
    return [
        ok("open files", f"A process may open {'any number of' if may < 0 else may} files and connections.")
    ]


def _disk(subject: str, place: Path) -> Finding:
    total, _, free = shutil.disk_usage(place)
    said = f"{free / GIGABYTE:.1f} of {total / GIGABYTE:.1f} GB are free at {place}."
    if not os.access(place, os.W_OK):
        said = f"We may not write to {place}."
        return problem(subject, said, f"Give it to the user we run as: `chown USER {place}`.")
    if free < total * NEXT_TO_NOTHING:
        return problem(subject, said, "Make room: with a full disk nothing is logged, and databases stop.")
    return warning(subject, said, "Make room.") if free < total * LITTLE else ok(subject, said)


def _nearest(place: Path) -> Path:
    return next(folder for folder in (place, *place.parents) if folder.exists())
