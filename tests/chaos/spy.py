"""
Looks into the broker while the run is on: no message may hold what belongs to a guest.
"""

import base64
import binascii
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import redis

from tests.chaos.house import House

LOOKS_EVERY_SECONDS = 0.5
MOST_AT_ONCE = 200
MOST_KEPT = 20
# Nodes are named after their host (celery@vm); guests, staff and what we look for have a domain with a dot.
PRIVATE = (
    re.compile(rb"[\w.+-]+@[\w-]+\.(?:example|com|org|net)\b"),
    re.compile(rb"\b(?:Guest|Member|Gone) \d+\b"),
    re.compile(rb"(?<![\w-])\+\d[\d ()/.-]{7,}\d"),
)
BASE64 = re.compile(rb'"body": ?"([A-Za-z0-9+/=]+)"')


@dataclass
class Spy:
    """
    Reads every list, hash and text in the broker twice a second.
    """

    house: House
    looked_at: int = 0
    private: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """
        Look until `over` is set; a broker that is away is looked at later.
        """
        while not self.over.wait(LOOKS_EVERY_SECONDS):
            try:
                with self.house.broker() as broker:
                    for found in _texts(broker):
                        self._read(found)
            except redis.RedisError:
                continue

    def _read(self, text: bytes) -> None:
        self.looked_at += 1
        for pattern in PRIVATE:
            if (found := pattern.search(opened(text))) and len(self.private) < MOST_KEPT:
                self.private.append(found[0].decode(errors="replace"))


def opened(text: bytes) -> bytes:
    """
    The text with the bodies of Celery's messages in it decoded.
    """
    bodies = []
    for body in BASE64.findall(text.replace(b'\\"', b'"')):
        try:
            bodies.append(base64.b64decode(body, validate=True))
        except (binascii.Error, ValueError):
            continue
    return b"\n".join([text, *bodies])


def _texts(broker: redis.Redis) -> Iterator[bytes]:
    for key in broker.scan_iter(count=500):
        kind = broker.type(key)
        if kind == b"list":
            yield from broker.lrange(key, 0, MOST_AT_ONCE)
        elif kind == b"hash":
            yield from broker.hvals(key)
        elif kind == b"string" and (text := broker.get(key)):
            yield text
