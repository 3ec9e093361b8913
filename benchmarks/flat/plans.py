"""
How PostgreSQL went about each statement: its plan, as it was carried out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

PLANNED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
LONGEST_TEXT = 120


@dataclass
class Plans:
    """
    The plan of each kind of statement, at its first time. It is carried out for the plan, undone, and then done.
    """

    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    _looking: bool = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        with connection.execute_wrapper(self._look):
            yield

    def __call__(self, part: str) -> None:
        """
        Nobody counts here.
        """

    def summary(self) -> dict[str, dict[str, Any]]:
        """
        By statement: the buffers it touched, the tables it read from end to end, its kinds of nodes.
        """
        return {text: _summed(plan) for text, plan in self.found.items()}

    def _look(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
        words = " ".join(sql.split())[:LONGEST_TEXT]
        if not self._looking and words.startswith(PLANNED) and words not in self.found:
            self._looking = True
            try:
                self.found[words] = self._explained(sql, params)
            finally:
                self._looking = False
        return execute(sql, params, many, context)

    def _explained(self, sql: str, params: Any) -> dict[str, Any]:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                [(told,)] = cursor.fetchall()
            transaction.set_rollback(True)
        plan: dict[str, Any] = told[0]
        return plan


def _summed(told: dict[str, Any]) -> dict[str, Any]:
    top = told["Plan"]
    nodes = list(_nodes(top))
    return {
        "buffers": _touched(top),
        "planning_buffers": _touched(told.get("Planning", {})),
        "read_end_to_end": sorted({one["Relation Name"] for one in nodes if one["Node Type"] == "Seq Scan"}),
        "by": [_way_in(one) for one in nodes if "Relation Name" in one or "Index Name" in one],
    }


def _way_in(node: dict[str, Any]) -> str:
    through = node.get("Index Name") or node.get("Relation Name")
    return f"{node['Node Type']} {through} ({node.get('Actual Rows', 0):.0f} rows, {_touched(node)} buffers)"


def _touched(node: dict[str, Any]) -> int:
    return int(node.get("Shared Hit Blocks", 0)) + int(node.get("Shared Read Blocks", 0))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)
