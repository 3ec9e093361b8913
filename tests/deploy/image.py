"""
What the image holds: this checkout without what .dockerignore names, put where a test can run it.
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rms_backend.environment import ROOT

DOCKERFILE = ROOT / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """
    The Dockerfile, instruction by instruction.
    """
    lines = re.sub(r"\\\n", " ", DOCKERFILE.read_text()).splitlines()
    return [
        (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1])
        for line in lines
        if line and not line.startswith("#")
    ]


def is_ignored(path: str) -> bool:
    """
    Does .dockerignore keep this file (or a folder it lies in) out of the image?
    """
    parts = path.split("/")
    upwards = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    return any(pattern.fullmatch(step) for pattern in _patterns() for step in upwards)


def build(to: Path) -> Path:
    """
    Make the folder `/app` of the image: the files, and what the build stage makes of them.
    """
    unpack(to)
    for command in python_commands():
        argv = [sys.executable, *shlex.split(command)[1:]]
        subprocess.run(argv, cwd=to, env={"PATH": "/usr/bin:/bin"}, check=True, capture_output=True)
    shutil.rmtree(to / "var")  # stays in the build stage
    (to / "var").mkdir()
    return to


def python_commands() -> list[str]:
    """
    What the build stage runs of ours.
    """
    return [text for name, text in instructions() if name == "RUN" and text.startswith("python manage.py")]


def unpack(to: Path) -> None:
    """
    Put the shipped files and the two writable folders there.
    """
    for folder in ("logs", "var"):
        (to / folder).mkdir(parents=True)
    for path in _shipped(ROOT):
        target = to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target)


def _shipped(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        name = path.relative_to(ROOT).as_posix()
        if is_ignored(name):
            continue
        if path.is_dir():
            yield from _shipped(path)
        else:
            yield name


def _patterns() -> list[re.Pattern[str]]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [re.compile(_expression(line)) for line in lines if line and not line.startswith("#")]


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
