import subprocess

import pytest

from devtools.mailbox import running_mailbox


@pytest.fixture
def mailbox(tmp_path):
    with running_mailbox(home=tmp_path / "mailbox") as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """
    A certificate and its key in one file, made for this run.
    """
    folder = tmp_path_factory.mktemp("certificate")
    pem, key = folder / "certificate.pem", folder / "key.pem"
    wish = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", *wish, *name, "-out", str(pem), "-keyout", str(key)],
        check=True,
        capture_output=True,
    )
    pem.write_text(pem.read_text() + key.read_text())
    return pem
