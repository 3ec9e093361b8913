"""
The house of the mutants: opened once, emptied before each run.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.core.management import call_command

from devtools.mailbox import running_mailbox
from devtools.show.crew import Crew
from devtools.till import running_till
from embedded import Servers
from tests.acceptance.house import House
from tests.acceptance.plain import application
from tests.chaos.mutants.kitchen import Kitchen
from tests.chaos.sweep.passing_time import PassingTime
from tests.chaos.sweep.wishes import Wishes

LOCATIONS = {"LMAIN": "USD"}
PATIENCE_WITH_THE_PRODUCT_SECONDS = 60.0


@dataclass
class Place:
    """
    The house, and where its processes look for wishes.
    """

    house: House
    wishes: Wishes
    plain_web: int = field(init=False)  # the port of the web application without a mutant

    def __post_init__(self) -> None:
        self.plain_web = self.house.ports["web"]

    def kitchen(self, *, mutant: str = "", patience: float = PATIENCE_WITH_THE_PRODUCT_SECONDS) -> Kitchen:
        """
        Everything empty, mended and open for one run.
        """
        for name in [name for name in self.house.crew.running if name != "web"]:
            self.house.kill_worker(name)
        call_command("flush", interactive=False, verbosity=0)
        self.house.flush_broker()
        self.house.mailbox.mend()
        self.house.till.mend()
        self.wishes.forget()
        if self.house.ports["web"] != self.plain_web:
            self.house.kill_worker("web")
            self.house.start_web()
            self.plain_web = self.house.ports["web"]
        time = PassingTime(application(self.house.addresses.broker_url))
        return Kitchen(
            house=self.house, wishes=self.wishes, time=time, mutant=mutant, patience_seconds=patience
        )


@contextmanager
def opened(servers: Servers) -> Iterator[Place]:
    """
    A house on these servers, at which this process's own database is.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutants-")))
        mailbox = stack.enter_context(running_mailbox(home=home / "mailbox"))
        till = stack.enter_context(running_till(home=home / "till", locations=LOCATIONS))
        told = House.environment(home=servers.home, mailbox=mailbox, till=till)
        crew = Crew(environment={**told, "ISOLATED_CRASH_AT": str(home / "wish")}, logs=home / "logs")
        stack.callback(crew.dismiss)
        crew.logs.mkdir()
        house = House(
            servers=servers, addresses=servers.addresses(), mailbox=mailbox, till=till, crew=crew, port=0
        )
        house.start_web()
        yield Place(house=house, wishes=Wishes(home / "wish"))
