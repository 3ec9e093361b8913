"""
The Stripe-Signature header: a timestamp, and one HMAC-SHA256 per secret over "timestamp.body".
"""

import hashlib
import hmac
import time
from collections.abc import Iterable


def sign(body: bytes, *, secret: str, at: int | None = None, extra_signatures: Iterable[str] = ()) -> str:
    """
    Write the header for this body. `extra_signatures` are further v1 values, right or wrong, in front of the right one.
    """
    moment = int(time.time()) if at is None else at
    values = [*extra_signatures, signature(body, secret=secret, at=moment)]
    return ",".join([f"t={moment}", *(f"v1={value}" for value in values)])


def sign_with_all(body: bytes, *, secrets: Iterable[str], at: int | None = None) -> str:
    """
    Write the header with one v1 per secret, as Stripe does while a secret is being rolled.
    """
    moment = int(time.time()) if at is None else at
    return ",".join(
        [f"t={moment}", *(f"v1={signature(body, secret=secret, at=moment)}" for secret in secrets)]
    )


def signature(body: bytes, *, secret: str, at: int) -> str:
    """
    Compute one v1 value.
    """
    signed = str(at).encode("ascii") + b"." + body
    return hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
