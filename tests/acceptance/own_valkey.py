"""
A Valkey of a test's own on a TCP port, with a password and whatever else the test wants; and a port that speaks TLS.
"""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devtools.show.crew import any_free_port
from embedded.binaries import CLEAN_ENVIRONMENT, broker_program

PASSWORD = "right-password"
STARTS_WITHIN_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class OwnValkey:
    """
    A Valkey that runs.
    """

    port: int
    pid: int

    def url(self, login: str = f":{PASSWORD}@") -> str:
        return f"redis://{login}127.0.0.1:{self.port}/0"

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """
        It takes connections for the length of the block and answers nothing.
        """
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


@contextmanager
def own_valkey(home: Path, *lines: str) -> Iterator[OwnValkey]:
    """
    Run a Valkey with these lines in its configuration for the length of the block.
    """
    port = any_free_port()
    config = [
        f"port {port}",
        "bind 127.0.0.1",
        f"requirepass {PASSWORD}",
        'save ""',
        "appendonly yes",
        *lines,
    ]
    process = subprocess.Popen(
        [broker_program(), "-"],
        cwd=home,
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write("\n".join(config).encode())
    process.stdin.close()
    try:
        wait_for_port(port)
        yield OwnValkey(port=port, pid=process.pid)
    finally:
        process.kill()
        process.wait()


@contextmanager
def tls_port(certificate: Path) -> Iterator[int]:
    """
    A port that agrees on TLS with whoever comes, and hangs up on everybody else.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    visitor, _ = door.accept()
                    with contextlib.suppress(OSError), visitor:
                        context.wrap_socket(visitor, server_side=True).close()

        threading.Thread(target=answer, daemon=True).start()
        yield int(door.getsockname()[1])
        door.shutdown(socket.SHUT_RDWR)


def make_certificate(folder: Path) -> Path:
    """
    A certificate for localhost with its key, in one file.
    """
    both, key = folder / "certificate.pem", folder / "key.pem"
    wish = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", *wish, *name, "-out", str(both), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(both.read_text() + key.read_text())
    return both


def wait_for_port(port: int) -> None:
    give_up_at = time.monotonic() + STARTS_WITHIN_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < give_up_at, f"nobody listens on port {port}"
        time.sleep(0.02)
