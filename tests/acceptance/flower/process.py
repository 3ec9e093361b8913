"""
A real Flower beside the house, and how to look at it.
"""

import json
import os
import signal
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from devtools.show.crew import any_free_port
from rms_backend import celery_app
from tests.acceptance.house import House

# What the environment of a developer may hold; no isolated Flower may hear of it.
SOMEBODY_ELSES = {
    "FLOWER_ADDRESS": "0.0.0.0",
    "FLOWER_BASIC_AUTH": "somebody:else-altogether",
    "FLOWER_READ_ONLY": "false",
}


@dataclass
class FlowerProcess:
    """
    One `celery -A rms_backend flower`, started as anybody would.
    """

    house: House
    name: str = "flower"
    environment: dict[str, str] = field(default_factory=dict)
    login: str = ""
    prefix: str = ""
    port: int = field(default_factory=any_free_port)

    def start(self, *options: str, ready: bool = True) -> None:
        crew = self.house.crew
        before = crew.environment
        crew.environment = {**before, **SOMEBODY_ELSES, **self.environment}
        crew.start(self.name, "celery", "-A", "rms_backend", "flower", f"--port={self.port}", *options)
        crew.environment = before
        if ready:
            crew.wait_for(self.name, self.is_up)

    def kill(self) -> None:
        """
        Kill -9 Flower.
        """
        process = self.house.crew.running.pop(self.name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def is_up(self) -> bool:
        try:
            return self.status("/healthcheck") == 200
        except OSError:
            return False

    def ask(
        self, path: str, *, method: str = "GET", login: bytes | None = None, **headers: str
    ) -> tuple[int, str]:
        """
        The status and the text of the answer; with our login, or with another.
        """
        shown = self.login.encode() if login is None else login
        if shown:
            headers["Authorization"] = "Basic " + b64encode(shown).decode()
        url = f"http://127.0.0.1:{self.port}{self.prefix}{path}"
        request = urllib.request.Request(url, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode(errors="replace")

    def status(self, path: str, **how: Any) -> int:
        return self.ask(path, **how)[0]

    def page(self, path: str) -> str:
        status, text = self.ask(path)
        assert status == 200, f"{path}: {status} {text[:500]}"
        return text

    def json(self, path: str) -> Any:
        return json.loads(self.page(path))

    def tasks(self) -> dict[str, dict[str, Any]]:
        """
        All tasks Flower knows of, by their id.
        """
        return self.json("/api/tasks")

    def found(self, search: str) -> list[dict[str, Any]]:
        """
        What the table of tasks shows for this search.
        """
        question = {
            "draw": 1, "start": 0, "length": 50, "search[value]": search,
            "order[0][column]": 0, "order[0][dir]": "asc", "columns[0][data]": "name",
        }  # fmt: skip
        return self.json(f"/tasks/datatable?{urlencode(question)}")["data"]

    def state_of(self, task: str) -> str:
        return self.tasks().get(task, {}).get("state", "")

    def wait_for(self, wanted: Callable[[], bool]) -> None:
        """
        Wait until Flower shows what is wanted.
        """
        self.house.wait_for(wanted, lambda: f"Flower never showed it: {self.tasks()}")

    def send(self, task: Any, *told: Any, **how: Any) -> str:
        """
        Publish a task to the broker Flower looks at; returns its id.
        """
        with celery_app.connection_for_write(url=self.house.addresses.broker_url) as connection:
            return task.apply_async(told, connection=connection, **how).id
