"""
An authority of a test's own, and the certificates it gives out.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

ON_THIS_MACHINE = "DNS:localhost,IP:127.0.0.1"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


@dataclass(frozen=True)
class Authority:
    """
    Whoever trusts `file` trusts its certificates.
    """

    folder: Path

    @classmethod
    def founded(cls, folder: Path) -> "Authority":
        folder.mkdir()
        authority = cls(folder)
        _openssl("req", "-x509", *NEW_KEY, "-subj", "/CN=An authority", "-addext", "keyUsage=keyCertSign",
                 "-out", authority.file, "-keyout", folder / "authority.key")  # fmt: skip
        return authority

    @property
    def file(self) -> Path:
        return self.folder / "authority.pem"

    def certificate(self, name: str, *, valid_for: str = ON_THIS_MACHINE) -> Path:
        """
        A file with a certificate and its key.
        """
        pem, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        _openssl("req", "-x509", *NEW_KEY, "-CA", self.file, "-CAkey", self.folder / "authority.key",
                 "-subj", f"/CN={name}", "-addext", f"subjectAltName={valid_for}",
                 "-addext", "basicConstraints=CA:FALSE", "-out", pem, "-keyout", key)  # fmt: skip
        pem.write_text(pem.read_text() + key.read_text())
        return pem


def _openssl(*arguments: object) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
