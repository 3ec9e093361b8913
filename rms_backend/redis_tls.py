"""
How the server behind a rediss:// address is verified.

Celery's two halves disagree where the address says nothing: the broker's would take any certificate, the result
backend's would refuse to start. Here both verify, unless the address says `ssl_cert_reqs=none`.
"""

import ssl
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

VERIFY = {"required": ssl.CERT_REQUIRED, "none": ssl.CERT_NONE}
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


def verification(variable: str, address: str) -> dict[str, object] | None:
    """
    What the address says about certificates, as `broker_use_ssl` wants it; None where it is not a rediss:// one.
    """
    at = urlsplit(address)
    said = {name: value for name, value in parse_qsl(at.query) if name.startswith("ssl_")}
    if at.scheme != "rediss":
        if said:
            raise ImproperlyConfigured(
                f"{variable} speaks of certificates. Begin it with rediss://, or drop them."
            )
        return None
    wish = said.get("ssl_cert_reqs", "required")
    if wish not in VERIFY:
        raise ImproperlyConfigured(f"{variable} says ssl_cert_reqs={wish}. Write ssl_cert_reqs=required.")
    files = {name: said[name] for name in FILES if name in said}
    for name, path in files.items():
        if not Path(path).is_file():
            raise ImproperlyConfigured(
                f"{variable} says {name}={path}. There is no such file: write its whole path."
            )
    return {"ssl_cert_reqs": VERIFY[wish], **files}


def is_verified(address: str) -> bool:
    """
    Does the address leave the verification on?
    """
    return dict(parse_qsl(urlsplit(address).query)).get("ssl_cert_reqs") != "none"
