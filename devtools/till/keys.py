"""
Idempotency: what was said to a key is said again, and a key never changes its meaning.
"""

import json
from collections.abc import Callable

from devtools.till.documents import Answer, Document, fingerprint
from devtools.till.ledger import Ledger
from devtools.till.refusals import bad_request


def once(
    ledger: Ledger, *, operation: str, key: str | None, body: Document, effect: Callable[[], Document]
) -> Answer:
    """
    Do it for the first request with this key; repeat the first answer to every equal one.

    Without a key (Square allows that for orders) every request has its own effect.
    """
    if key is None:
        return Answer(document=effect(), outcome="kept")
    kept = ledger.connection.execute(
        "SELECT fingerprint, answer FROM keys WHERE operation = ? AND key = ?", (operation, key)
    ).fetchone()
    if kept is None:
        return Answer(document=_first_time(ledger, operation, key, body, effect), outcome="kept")
    if kept["fingerprint"] != fingerprint(body):
        detail = "This idempotency key was used before, with another body."
        raise bad_request(detail, code="IDEMPOTENCY_KEY_REUSED", field="idempotency_key")
    return Answer(document=json.loads(kept["answer"]), outcome="duplicate")


def _first_time(
    ledger: Ledger, operation: str, key: str, body: Document, effect: Callable[[], Document]
) -> Document:
    document = effect()
    ledger.connection.execute(
        "INSERT INTO keys (operation, key, fingerprint, answer) VALUES (?, ?, ?, ?)",
        (operation, key, fingerprint(body), json.dumps(document)),
    )
    return document
