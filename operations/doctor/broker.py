"""
The broker: does it answer, and will it keep what it is given?
"""

from urllib.parse import urlsplit

from operations.doctor.finding import Finding, Unreachable, note, ok, problem, warning
from pipeline import broker, result_store
from pipeline.broker import Setup
from pipeline.broker_trouble import BrokerInTrouble, Trouble

FILLED, FULL = 0.8, 0.95
MEGABYTE = 1_000_000

# What is wrong, and what to do; {ask} is the command that shows it, {name} the setting with the address.
TROUBLES: dict[Trouble, tuple[str, str]] = {
    Trouble.REFUSED: (
        "Redis connection failed: {at} refuses the connection.",
        "Is it running? `{ask}` must answer PONG. Start it, or correct {name}.",
    ),
    Trouble.NO_SUCH_HOST: (
        "Redis connection failed: {at} cannot be found, there is no such host.",
        "Correct the host in {name}; `getent hosts NAME` must answer.",
    ),
    Trouble.LOGIN: (
        "Redis connection failed: {at} refuses the password.",
        "Correct user and password in {name} (redis://USER:PASSWORD@…); `{ask}` tries them.",
    ),
    Trouble.NOT_ALLOWED: (
        "{at} does not allow our user what Celery needs.",
        "Give the user of {name} its rights: `ACL LIST` shows what it has.",
    ),
    Trouble.TLS: (
        "Redis connection failed: no TLS comes about with {at}.",
        "Write rediss:// only where the port speaks TLS; ?ssl_cert_reqs=required&ssl_ca_certs=FILE names the CA to trust.",
    ),
    Trouble.HUNG_UP: (
        "Redis connection failed: {at} hangs up.",
        "If it speaks TLS, write rediss:// into {name}. If it is protected (protected-mode), give it a password.",
    ),
    Trouble.LOADING: ("{at} is still loading its data.", "Wait a minute, then ask again."),
    Trouble.NO_SUCH_DATABASE: (
        "{at} has no database of that number.",
        "Correct the number at the end of {name}, or raise `databases` there.",
    ),
    Trouble.FULL: ("{at} takes no more clients.", "Raise maxclients there, or run fewer processes."),
    Trouble.SILENT: (
        "Redis connection failed: {at} takes the connection and does not answer, or no packet arrives.",
        "Is its process stopped or swamped, or does a firewall swallow the packets? `{ask}` would hang as well.",
    ),
    Trouble.OTHER: (
        "Redis connection failed: {at} does not answer ({text}).",
        "Read its log, and {name} letter by letter; `{ask}` must answer PONG.",
    ),
}


def answers(*, patience_seconds: float) -> list[Finding]:
    """
    Reach the broker.
    """
    try:
        waited = broker.ping(within_seconds=patience_seconds)
    except BrokerInTrouble as trouble:
        raise Unreachable(_away("broker", broker.address(), "CELERY_BROKER_URL", trouble)) from trouble
    return [ok("broker", f"{broker.address()} answers in {waited * 1000:.0f} ms.")]


def results(*, patience_seconds: float) -> list[Finding]:
    """
    Reach the place where answers are kept, which may be another server.
    """
    if not result_store.is_redis():
        return [note("results", f"Answers of tasks go to {result_store.address()}, which is not examined.")]
    try:
        result_store.kept(within_seconds=patience_seconds)
    except BrokerInTrouble as trouble:
        return [_away("results", result_store.address(), "CELERY_RESULT_BACKEND", trouble)]
    return [ok("results", f"{result_store.address()} answers.")]


def setup(*, patience_seconds: float) -> list[Finding]:
    """
    Version, part, eviction, persistence and memory.
    """
    if not broker.is_redis():
        return [
            note("setup", "A RabbitMQ: `rabbitmq-diagnostics check_local_alarms` tells whether it blocks.")
        ]
    found = broker.setup(within_seconds=patience_seconds)
    version = (
        f"{found.version}."
        if found.version
        else "It does not tell our user its version (INFO is not allowed)."
    )
    part = _part(found)
    return [ok("version", version), *part, _eviction(found), _persistence(found), _filling(found)]


def _part(found: Setup) -> list[Finding]:
    if found.is_replica:
        remedy = "Let CELERY_BROKER_URL lead to the primary, or use sentinel://."
        return [problem("part", "It is a replica, which takes no messages.", remedy)]
    if found.can_write_to_disk is False:
        remedy = "Make room on its disk and read its log; until then it refuses every write (MISCONF)."
        return [problem("disk", "Its last attempt to save failed.", remedy)]
    return []


def _eviction(found: Setup) -> Finding:
    if found.eviction_policy is None:
        return _by_hand("eviction policy", "CONFIG GET maxmemory-policy", "noeviction")
    if found.eviction_policy != "noeviction":
        said = f"maxmemory-policy is {found.eviction_policy}: when memory runs out it throws messages away."
        return problem("eviction policy", said, "Set `maxmemory-policy noeviction` in its configuration.")
    return ok("eviction policy", "noeviction: it throws nothing away.")


def _persistence(found: Setup) -> Finding:
    if found.append_only is None:
        return _by_hand("persistence", "CONFIG GET appendonly", "yes")
    if not found.append_only:
        said = (
            "appendonly is no: a restart forgets all messages; they are sent again, a minute or more later."
        )
        return warning("persistence", said, "Set `appendonly yes` in its configuration.")
    return ok("persistence", "appendonly is on: messages survive a restart.")


def _filling(found: Setup) -> Finding:
    used, most = found.used_bytes, found.most_bytes
    if used is None or most is None:
        return _by_hand("memory", "INFO memory", "used_memory well below maxmemory")
    if not most:
        return ok("memory", f"{used / MEGABYTE:.0f} MB in use, without a limit of its own.")
    said = f"{used / MEGABYTE:.0f} of {most / MEGABYTE:.0f} MB in use."
    remedy = "Raise maxmemory, and look which queue or which results grow (below)."
    if used > most * FULL:
        return problem("memory", f"{said} Full, it refuses messages (OOM).", remedy)
    return warning("memory", said, remedy) if used > most * FILLED else ok("memory", said)


def _by_hand(subject: str, question: str, wanted: str) -> Finding:
    return note(
        subject, "Our user may not ask for it.", f"Ask as an administrator: `{question}` must say {wanted}."
    )


def _away(subject: str, at: str, name: str, trouble: BrokerInTrouble) -> Finding:
    said, remedy = TROUBLES[trouble.trouble]
    words = {"at": at, "name": name, "ask": _command(at), "text": str(trouble)}
    return problem(subject, said.format(**words), remedy.format(**words))


def _command(at: str) -> str:
    """
    What to type to see the same; passwords are asked for and stand nowhere.
    """
    parts = urlsplit(at)
    if parts.scheme.startswith("amqp"):
        return "rabbitmq-diagnostics ping"
    if parts.scheme == "redis+socket":
        return f"redis-cli -s {parts.path} --askpass ping"
    secured = " --tls" if parts.scheme == "rediss" else ""
    return f"redis-cli -h {parts.hostname} -p {parts.port or 6379}{secured} --askpass ping"
