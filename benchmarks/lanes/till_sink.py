"""
A lean till: `python -m benchmarks.lanes.till_sink`. It speaks as much of Square's API as ringing up an order takes, and
answers every request after a while.
"""

import asyncio
import itertools
import json
import re
from typing import Any

from benchmarks.lanes.sink import Mood, Sink, serve

LENGTH = re.compile(rb"(?i)\r\ncontent-length:\s*(\d+)")
END_OF_HEAD = b"\r\n\r\n"
ERROR = {"errors": [{"category": "API_ERROR", "code": "INTERNAL_SERVER_ERROR", "detail": "not today"}]}
_numbers = itertools.count(1)


class Caller(asyncio.Protocol):
    """
    One connection of a client, which asks one thing at a time.
    """

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.heard = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - told to mypy
        self.line = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        head_ends = self.heard.find(END_OF_HEAD)
        if head_ends < 0:
            return
        length = LENGTH.search(self.heard, 0, head_ends)
        wanted = head_ends + len(END_OF_HEAD) + (int(length.group(1)) if length else 0)
        if len(self.heard) < wanted:
            return
        path = bytes(self.heard).split(b" ", 2)[1].decode()
        body = json.loads(self.heard[head_ends + len(END_OF_HEAD) : wanted] or b"{}")
        del self.heard[:wanted]
        self.sink.answer(lambda: self._answer(path, body))

    def _answer(self, path: str, body: dict[str, Any]) -> None:
        if self.sink.mood is Mood.FAILING:
            return self._say(500, ERROR)
        if path == "/v2/orders":
            return self._say(200, {"order": self._rung_up(body["order"])})
        self.sink.truth.came[f"paid {body['reference_id']}"] += 1
        return self._say(200, {"payment": {"id": f"payment-{next(_numbers)}"}})

    def _rung_up(self, order: dict[str, Any]) -> dict[str, Any]:
        self.sink.truth.came[f"rung up {order['reference_id']}"] += 1
        lines = order["line_items"]
        total = sum(int(line["quantity"]) * line["base_price_money"]["amount"] for line in lines)
        money = {"amount": total, "currency": lines[0]["base_price_money"]["currency"]}
        return {"id": f"order-{next(_numbers)}", "reference_id": order["reference_id"], "total_money": money}

    def _say(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.line.write(head.encode() + body)


if __name__ == "__main__":
    serve(Caller)
