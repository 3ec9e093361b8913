"""
On what a run was made: the machine, the versions, the commit.
"""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.place import ROOT, Place

PACKAGES = (
    "django",
    "celery",
    "kombu",
    "redis",
    "psycopg",
    "granian",
    "huey",
    "dramatiq",
    "django-dramatiq",
    "procrastinate",
)


def facts(place: Place) -> dict[str, object]:
    """
    What a reader wants to know before comparing two results files.
    """
    return {"machine": _machine(), "versions": _versions(place), "commit": _commit()}


def _machine() -> dict[str, object]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_mib": memory // 2**20,
        "processor": _processor(),
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions(place: Place) -> dict[str, str]:
    with place.broker() as broker:
        told = broker.info("server")
    return {
        "python": platform.python_version(),
        "postgresql": str(place.rows("SHOW server_version")[0][0]),
        "valkey": str(told.get("valkey_version") or told.get("redis_version")),
        **{package: _version(package) for package in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    done = subprocess.run(  # git is on the PATH, or there is no commit to name
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
