"""
Flower as `celery -A rms_backend flower` starts it: for looking only, and with a login in front of everything.

By itself Flower listens everywhere, asks for no login, lets a visitor stop workers, and leaves `/metrics` and
`/healthcheck` open even where a login is asked for. The guard stands in front of all its pages at once, so that a page
which a later Flower adds is guarded too. docs/flower.md tells the whole story.
"""

import functools
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from flower import command
from flower.app import Flower
from tornado.httputil import HTTPServerRequest
from tornado.options import OptionParser, options
from tornado.web import RequestHandler

from rms_backend import log_setup
from rms_backend.checks import LOOPBACK

# Where the command line says nothing else.
DEFAULTS = {
    "read_only": True,
    "persistent": True,
    "state_save_interval": 10_000,  # milliseconds: `kill -9` costs at most what came since
    "max_tasks": 10_000,  # saved as a whole each time, while Flower answers nobody
    "tasks_columns": "name,args,state,received,runtime,worker,uuid",
}
READING = frozenset({"GET", "HEAD", "OPTIONS"})
HEALTH_CHECK = "/healthcheck"
ASKS_BY_POST = "/tasks/datatable"  # the table of tasks, whose question is too long for an address
RESULTS = "/api/task/result/"


def watch_over_flower() -> None:
    """
    Put the guard into Flower's command; nothing else happens until that command is given.
    """
    flower = command.flower
    flower.callback = _guarded(flower.callback)
    command.Flower = GuardedFlower


class GuardedFlower(Flower):
    """
    Flower behind the guard. It does not start if what it is asked for would open it.
    """

    def __init__(self, options: OptionParser, **how: Any) -> None:
        if complaints := list(_settle(options)):
            raise SystemExit("Flower does not start:\n" + "\n".join(f"- {text}" for text in complaints))
        prefix = (options.url_prefix or "").strip("/")
        self.prefix = f"/{prefix}" if prefix else ""
        self.logins = list(options.basic_auth)
        self.visitors_need_no_login = not self.logins
        if self.visitors_need_no_login:
            # Flower itself always asks for a login, or it would let other sites read its answers (CORS); the guard
            # shows this one for whoever it lets in.
            options.basic_auth = self.logins = [f"guard:{secrets.token_urlsafe()}"]
        super().__init__(options=options, **how)
        # Afterwards: Flower loads the application's modules, and with them Django, which sets up its own.
        log_setup.write_to_file_of("flower", level=settings.LOG_LEVEL)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """
        Every request comes through here.
        """
        if refusal := self._refusal(request):
            status, because = refusal
            return self.get_handler_delegate(request, Refused, {"status": status, "because": because})
        return super().find_handler(request, **kwargs)

    def _refusal(self, request: HTTPServerRequest) -> tuple[int, str] | None:
        if self.visitors_need_no_login:
            # A site of somebody else's can point a name of its own at this machine; ours are these.
            if request.host_name.strip("[]") not in LOOPBACK:
                return (
                    403,
                    "Without FLOWER_BASIC_AUTH, Flower answers at http://localhost or http://127.0.0.1 only.",
                )
            request.headers["Authorization"] = _as_header(self.logins[0])
        elif not self._shows_a_login(request) and not self._is_health_check(request):
            return 401, "A login is needed: FLOWER_BASIC_AUTH."
        if request.method not in READING and request.path != self.prefix + ASKS_BY_POST:
            return 403, "Flower only shows. Act in the console, where the row is."
        if request.path.startswith(self.prefix + RESULTS):
            return 403, "A result is for whoever called the task: it may carry an address."
        return None

    def _shows_a_login(self, request: HTTPServerRequest) -> bool:
        # Compared as bytes: Flower's own comparison stumbles over letters that are not ASCII.
        shown = _login_of(request)
        return any(hmac.compare_digest(shown, login.encode()) for login in self.logins)

    def _is_health_check(self, request: HTTPServerRequest) -> bool:
        # A container or a supervisor asks from the same machine, as does a proxy; all it learns is "OK".
        return request.path == self.prefix + HEALTH_CHECK and request.remote_ip in LOOPBACK


class Refused(RequestHandler):
    """
    The answer to whom the guard does not let in: a status and a sentence.
    """

    def initialize(self, status: int, because: str) -> None:
        self.status, self.because = status, because

    def check_xsrf_cookie(self) -> None:
        """
        Nothing to protect: it is refused anyway.
        """

    def prepare(self) -> None:
        self.set_status(self.status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        if self.status == 401:  # noqa: PLR2004 - asks the browser for a login
            self.set_header("WWW-Authenticate", 'Basic realm="flower"')
        self.finish(self.because + "\n")


def _guarded(run: Any) -> Any:
    @functools.wraps(run)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        # Reading our settings first also clears an isolated run's environment, in which Flower looks next.
        for name, value in {"address": settings.FLOWER_ADDRESS, "db": settings.FLOWER_DB, **DEFAULTS}.items():
            setattr(options, name, value)
        return run(*args, **kwargs)

    return guarded


def _settle(options: OptionParser) -> Iterator[str]:
    """
    Fill in our settings, and tell what cannot be of what the command line or the environment asks for.
    """
    options.address = options.address or settings.FLOWER_ADDRESS  # empty, it would be everywhere
    Path(options.db).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    logins = settings.FLOWER_BASIC_AUTH
    if not {login.strip() for login in options.basic_auth or []} <= {"", *logins}:
        yield "A password on a command line is everybody's. Drop --basic_auth and set FLOWER_BASIC_AUTH."
    options.basic_auth = logins
    if not settings.DEBUG and not logins:
        yield "Nobody may look without a login. Set FLOWER_BASIC_AUTH=user:password (12 characters or more)."
    elif not logins and not options.unix_socket and options.address not in LOOPBACK:
        yield f"Without a login it listens on this machine only, not on {options.address}. Set FLOWER_BASIC_AUTH."
    if not options.read_only:
        yield "It only shows: an action there would not change the row. Drop --read_only=False (FLOWER_READ_ONLY)."
    if options.auth:
        yield "It knows no other login than FLOWER_BASIC_AUTH. Drop --auth, and put a proxy in front if you need one."
    if options.debug:
        yield "Its error pages would show the settings. Drop --debug (FLOWER_DEBUG)."


def _login_of(request: HTTPServerRequest) -> bytes:
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        return b64decode(encoded, validate=True) if kind.lower() == "basic" else b""
    except ValueError:
        return b""


def _as_header(login: str) -> str:
    return "Basic " + b64encode(login.encode()).decode()
