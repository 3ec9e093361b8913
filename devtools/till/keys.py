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
        document = effect()
        use(ledger, operation=operation, key=key, body=body, document=document)
        return Answer(document=document, outcome="kept")
    if kept["fingerprint"] != fingerprint(body):
        detail = "This idempotency key was used before, with another body."
        raise bad_request(detail, code="IDEMPOTENCY_KEY_REUSED", field="idempotency_key")
    return Answer(document=json.loads(kept["answer"]), outcome="duplicate")


def is_used(ledger: Ledger, *, operation: str, key: str) -> bool:
    """Was something done for this key before?"""
    asked = "SELECT 1 FROM keys WHERE operation = ? AND key = ?"
    return ledger.connection.execute(asked, (operation, key)).fetchone() is not None


def use(ledger: Ledger, *, operation: str, key: str, body: Document, document: Document) -> None:
    """Keep what was asked with this key, and what was answered."""
    ledger.connection.execute(
        "INSERT INTO keys (operation, key, fingerprint, answer) VALUES (?, ?, ?, ?)",
        (operation, key, fingerprint(body), json.dumps(document)),
    )
