"""
A small webhook endpoint for the tests: it answers as told and remembers what came.
"""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Endpoint:
    def __init__(self):
        self.bodies = []
        self.headers = []
        self.refusals_per_event = 0
        self.answer = 200
        self.wait_for = None  # a barrier that this many requests must reach together
        self.connections = set()
        self._seen = Counter()
        self._lock = threading.Lock()

    def receive(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self._lock:
            self.bodies.append(body)
            self.headers.append(dict(handler.headers))
            self.connections.add(handler.client_address)
            self._seen[body] += 1
            refused = self._seen[body] <= self.refusals_per_event
        if self.wait_for is not None:
            self.wait_for.wait(timeout=5)
        return 500 if refused else self.answer


@pytest.fixture
def endpoint():
    remembered = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            try:
                status = remembered.receive(self)
            except threading.BrokenBarrierError:
                status = 503
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *ignored):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # the usual 5 makes the rest of a volley knock again a second later

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    remembered.url = f"http://127.0.0.1:{server.server_port}/webhook"
    yield remembered
    server.shutdown()
    thread.join()
    server.server_close()
