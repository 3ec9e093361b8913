"""
Brokers of a test's own: a real Valkey or Redis on a TCP port of this machine, with a password, an ACL or TLS.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from devtools.show.crew import any_free_port
from embedded.binaries import CLEAN_ENVIRONMENT, broker_program

ADMIN_PASSWORD = "only-the-test-knows"
STARTS_WITHIN_SECONDS = 20
COMMON = f"""\
bind 127.0.0.1
requirepass {ADMIN_PASSWORD}
databases 16
daemonize no
save ""
acllog-max-len 1000
"""


@dataclass(frozen=True, kw_only=True)
class Broker:
    """
    A running broker, seen by its administrator.
    """

    port: int
    with_tls: bool = False

    def admin(self) -> redis.Redis:
        # The administrator stands beside the server: whose certificate it shows is what the tests are about.
        trust = {"ssl": True, "ssl_cert_reqs": "none"} if self.with_tls else {}
        return redis.Redis(port=self.port, password=ADMIN_PASSWORD, **trust)

    def answers(self) -> bool:
        try:
            with self.admin() as admin:
                return bool(admin.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def running_broker(
    home: Path, *, program: Path | None = None, config: Sequence[str] = (), with_tls: bool = False
) -> Iterator[Broker]:
    """
    Run a broker for the length of the block; the lines of `config` come after ours.
    """
    port = any_free_port()
    listens = f"port 0\ntls-port {port}\n" if with_tls else f"port {port}\n"
    (home / "broker.conf").write_text(COMMON + listens + "\n".join(config) + "\n")
    with (home / "broker.log").open("wb") as log:
        process = subprocess.Popen(
            [program or broker_program(), "broker.conf"],
            cwd=home,
            env=CLEAN_ENVIRONMENT,
            stdout=log,
            stderr=log,
        )
    try:
        broker = Broker(port=port, with_tls=with_tls)
        _wait_until_it_answers(broker, process, home / "broker.log")
        yield broker
    finally:
        process.kill()
        process.wait()


def program_with_tls() -> Path | None:
    """
    A server that was built with TLS, or None. The one from the wheel was not.
    """
    wish = ["--port", "0", "--tls-port", str(any_free_port()), "--tls-cert-file", "/nowhere"]
    for candidate in filter(None, [broker_program(), *map(shutil.which, ("valkey-server", "redis-server"))]):
        said = subprocess.run(
            [candidate, *wish], capture_output=True, text=True, check=False, env=CLEAN_ENVIRONMENT,
            timeout=STARTS_WITHIN_SECONDS,
        )  # fmt: skip
        if "No tls-key-file" in said.stdout:  # so it knows what a key would be for
            return Path(candidate)
    return None


def _wait_until_it_answers(broker: Broker, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + STARTS_WITHIN_SECONDS
    while not broker.answers():
        ended = process.poll() is not None
        assert not ended, f"The broker did not start:\n{log.read_text()}"
        assert time.monotonic() < give_up_at, "The broker does not answer."
        time.sleep(0.05)
