"""
The systems that are compared: how each is started, and how an order is paid in front of it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

from benchmarks.place import Place

Payments = list[Callable[[], object]]
WORKERS = "workers"


class NotInstalled(LookupError):
    """
    The packages of requirements/bench.txt are not there: `make bench` installs them.
    """


@dataclass(frozen=True, kw_only=True)
class System:
    """
    A way to get the six effects done: its settings, the command that starts its two worker processes, and the words by
    which it says that it is ready.
    """

    name: str
    title: str
    settings: str
    command: tuple[str, ...]
    says: str
    needs: tuple[str, ...] = ()
    prepares: tuple[str, ...] = ()  # a command to its end, before the workers start
    nodes: int = 1

    @property
    def is_ours(self) -> bool:
        return self.name == "ours"

    def payments(self, order_ids: Sequence[int]) -> Payments:
        """
        One call per order that pays it; to be called in a process with the system's settings.
        """
        if self.is_ours:
            return list(import_module("benchmarks.ours.paying").prepare(order_ids))
        publish = import_module(self.settings.replace(".settings", ".tasks")).publish
        return list(import_module("benchmarks.peers.paying").prepare(order_ids, publish=publish))

    @contextmanager
    def at_work(self, place: Place, *, settings: str = "") -> Iterator[list[str]]:
        """
        Its workers, started and ready; gives the names of the processes.
        """
        self.must_be_installed()
        settings = settings or self.settings
        if self.prepares:
            place.run(*self.prepares, settings=settings)
        names = [f"{WORKERS}-{self.name}-{node}" for node in range(self.nodes)]
        try:
            for name in names:
                place.start(name, *self.command, says=self.says, settings=settings)
            yield names
        finally:
            place.dismiss()

    def must_be_installed(self) -> None:
        """
        Raise NotInstalled where a package is missing.
        """
        for package in self.needs:
            try:
                import_module(package)
            except ImportError as missing:
                raise NotInstalled(f"{package} is not installed. Run `make bench`.") from missing


def _celery(name: str, *options: str) -> tuple[str, ...]:
    return (
        "celery",
        "-A",
        f"benchmarks.peers.{name}.app",
        "worker",
        "--concurrency=2",
        "--loglevel=WARNING",
        *options,
    )


def _settings(name: str) -> str:
    return f"benchmarks.peers.{name}.settings"


OURS = System(
    name="ours",
    title="this pipeline",
    settings="benchmarks.ours.settings",
    command=("celery", "-A", "rms_backend", "worker", "--concurrency=2", "--loglevel=info"),
    says="ready.",
)
CELERY_TUNED = System(
    name="celery_tuned",
    title="Celery, tuned + DB reuse, prefork",
    settings=_settings("celery_tuned"),
    command=_celery("celery_tuned", "-Ofair", "--without-gossip", "--without-mingle", "--without-heartbeat"),
    says="ready.",
)
CELERY_TUTORIAL = System(
    name="celery_tutorial",
    title="Celery as in most tutorials",
    settings=_settings("celery_tutorial"),
    command=_celery("celery_tutorial"),
    says="ready.",
)
HUEY = System(
    name="huey_tuned",
    title="Huey, two processes",
    settings=_settings("huey_tuned"),
    command=("django", "run_huey", "--quiet"),
    says="ready.",
    needs=("huey",),
)
DRAMATIQ = System(
    name="dramatiq_tuned",
    title="Dramatiq, two processes",
    settings=_settings("dramatiq_tuned"),
    command=("django", "rundramatiq", "--processes", "2"),
    says="ready for action",
    needs=("dramatiq", "django_dramatiq"),
)
PROCRASTINATE = System(
    name="procrastinate_tuned",
    title="Procrastinate, two processes",
    settings=_settings("procrastinate_tuned"),
    command=("django", "procrastinate", "worker"),
    says="Launching a worker",
    needs=("procrastinate",),
    prepares=("django", "migrate", "procrastinate"),
    nodes=2,
)

PEERS = (CELERY_TUNED, HUEY, DRAMATIQ)
FURTHER_PEERS = (CELERY_TUTORIAL, PROCRASTINATE)
ALL = (OURS, *PEERS, *FURTHER_PEERS)


def named(name: str) -> System:
    """
    The system of this name.
    """
    return {system.name: system for system in ALL}[name]
