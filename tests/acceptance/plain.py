"""
Plain tasks seen from outside: sending them, and reading what they noted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import Celery
from celery.result import AsyncResult

from tests.acceptance.house import House

TASKS = "tests.acceptance.plain_tasks.tasks"


@dataclass(frozen=True, kw_only=True)
class Note:
    word: str
    priority: int
    retries: int
    process: int


@dataclass
class Desk:
    """
    From here tasks are sent to a broker, and here lies what they noted.
    """

    house: House
    app: Celery
    notes_at: Path
    environment: dict[str, str]

    @classmethod
    def at(cls, house: House, notes_at: Path, *, broker_url: str = "", backend: str = "") -> "Desk":
        """
        A desk in the house, at its own broker or at another.
        """
        notes_at.touch()
        environment = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.settings", "ISOLATED_NOTES": str(notes_at)}
        if broker_url:
            environment["ISOLATED_CELERY_BROKER_URL"] = broker_url
        app = application(broker_url or house.addresses.broker_url, backend=backend)
        return cls(house=house, app=app, notes_at=notes_at, environment=environment)

    def start_worker(self, *options: str, name: str = "worker", **environment: str) -> None:
        """
        A worker that knows the plain tasks.
        """
        self.house.start_worker(name, *options, **{**self.environment, **environment})

    def send(
        self, task: str, *arguments: object, priority: int | None = None, answered: bool = False, **named: Any
    ) -> AsyncResult:
        """
        Send one of the plain tasks by its name.
        """
        # A result that nobody fetches would look for its broker when that is long gone.
        return self.app.send_task(
            f"{TASKS}.{task}", args=arguments, kwargs=named, priority=priority, ignore_result=not answered
        )

    def let_go(self, word: str) -> None:
        """
        Let the task end that waits under this word.
        """
        self.notes_at.with_name(word).touch()

    def notes(self) -> list[Note]:
        return [Note(**json.loads(line)) for line in self.notes_at.read_text().splitlines()]

    def words(self) -> list[str]:
        return [note.word for note in self.notes()]

    def wait_for_notes(self, count: int) -> list[Note]:
        """
        The notes, once there are so many.
        """
        self.house.wait_for(lambda: len(self.notes()) >= count, lambda: f"only {self.words()}")
        return self.notes()

    def ask(self, question: str, *, worker: str = "worker", arguments: Sequence[str] = ()) -> Any:
        """
        What the worker answers to `celery inspect`.
        """
        nodes = self.app.control.inspect(timeout=10, limit=1)._request(question, *arguments)
        [answer] = [said for node, said in (nodes or {}).items() if node.startswith(f"{worker}@")]
        return answer


def application(broker_url: str, *, backend: str = "") -> Celery:
    """
    Our Celery application as it publishes, at another address than that of this process.
    """
    app = Celery("somebody", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(broker_url=broker_url, result_backend=backend or broker_url)
    app.conf.task_routes = ("pipeline.routing.route",)
    return app
