"""
The catalogue: every fault of the run, component by component, and those that this run cannot do, with the reason.
"""

from signal import SIGINT, SIGKILL, SIGTERM

from tests.chaos.proxy import (
    Bandwidth,
    Blackhole,
    CutOnMatch,
    HalfClose,
    Latency,
    Limit,
    Refuse,
    Reset,
    Slicer,
    Stall,
    Way,
)
from tests.chaos.storm import messages
from tests.chaos.storm.fault import Fault, NotRun
from tests.chaos.storm.links import mail_broken, road_broken, till_broken
from tests.chaos.storm.processes import child_killed, hung, killed, parent_killed, restarted
from tests.chaos.storm.servers import (
    flushed,
    out_of_memory,
    server_down,
    server_hung,
    server_signalled,
    sink_hung,
    sink_killed,
)

WORKERS = ("dispatcher", "senders", "counters", "spare")
LONGER_THAN_A_LEASE = 37.0  # the letters' and the counters' is 30 s; the till's, too
COMMITTED = rb"C\x00\x00\x00\x0bCOMMIT\x00"  # PostgreSQL's word that a COMMIT was carried out
NOTING_WHAT_WAS_TAKEN = (
    rb"HSET\r\n\$7\r\nunacked\r\n"  # kombu took a message, and is about to write that down
)
FINAL_DOT = rb"\r\n\.\r\n"

WEB, DISPATCHER, SENDERS, COUNTERS, SPARE, BEAT = (
    frozenset({name}) for name in ("web", "dispatcher", "senders", "counters", "spare", "beat")
)
DATABASE, BROKER, TILL, MAIL = (frozenset({name}) for name in ("database", "broker", "till", "mail"))
ALL_WORKERS = frozenset(WORKERS)


def _of(component: str, holds: frozenset[str], *rows: tuple, rests: float = 3.0) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            component=component,
            holds=holds,
            rests_seconds=rests,
            name=name,
            lasts_seconds=seconds,
            strike=strike,
            early="early" in words,
            ours_only="ours" in words,
        )
        for name, seconds, strike, *words in rows
    )


FAULTS: tuple[Fault, ...] = (
    *_of(
        "web", WEB,
        ("kill -9", 1.5, killed("web"), "early"),
        ("kill -9 of one child", 0.0, child_killed(["web"])),
        ("hang (SIGSTOP)", 6.0, hung("web")),
        ("restart", 0.5, restarted("web")),
    ),
    *_of(
        "workers", ALL_WORKERS,
        ("kill -9 of all at once", 2.0, killed(*WORKERS), "early"),
        ("kill -9 of one child", 0.0, child_killed(WORKERS), "early"),
    ),
    *_of(
        "worker", SENDERS,
        ("kill -9, senders", 3.0, killed("senders"), "early"),
        ("kill -9 of the parent alone, senders", 3.0, parent_killed("senders")),
        ("hang longer than the lease, senders", LONGER_THAN_A_LEASE, hung("senders"), "early"),
        ("restart, senders", 0.5, restarted("senders")),
    ),
    *_of(
        "worker", COUNTERS,
        ("kill -9, counters", 3.0, killed("counters")),
        ("kill -9 of the parent alone, counters", 3.0, parent_killed("counters")),
        ("hang longer than the lease, counters", LONGER_THAN_A_LEASE, hung("counters")),
    ),
    *_of(
        "worker", SPARE,
        ("hang longer than the lease, spare", LONGER_THAN_A_LEASE, hung("spare")),
        ("restart, spare", 0.5, restarted("spare")),
    ),
    *_of(
        "dispatcher", DISPATCHER,
        ("kill -9", 3.0, killed("dispatcher")),
        ("hang (SIGSTOP)", 8.0, hung("dispatcher")),
        ("restart", 0.5, restarted("dispatcher")),
    ),
    *_of(
        "dispatcher", DISPATCHER | SPARE,
        ("both hang (SIGSTOP)", 8.0, hung("dispatcher", "spare")),
    ),
    *_of(
        "beat", BEAT,
        ("kill -9", 5.0, killed("beat"), "ours"),
        ("hang (SIGSTOP)", 10.0, hung("beat"), "ours"),
    ),
    *_of(
        "PostgreSQL", DATABASE,
        ("kill -9 of the postmaster", 0.0, server_signalled("postgres", SIGKILL), "early"),
        ("kill -9, down for a while", 4.0, server_down("postgres")),
        ("hang (SIGSTOP)", 6.0, server_hung("postgres")),
        ("restart", 0.0, server_signalled("postgres", SIGINT)),
        ("connections reset", 0.0, road_broken("database", Reset())),
        ("cable pulled (blackhole)", 6.0, road_broken("database", Blackhole())),
        ("refuses connections", 5.0, road_broken("database", Refuse())),
        ("slow by 0.3 s", 5.0, road_broken("database", Latency(seconds=0.3, jitter=0.1))),
        ("cut after COMMIT was carried out", 5.0,
         road_broken("database", CutOnMatch(pattern=COMMITTED, nth=3, times=4), Way.TO_CLIENT), "early"),
        ("cut in the middle of an answer", 4.0, road_broken("database", Limit(after_bytes=20_000), Way.TO_CLIENT)),
    ),
    *_of(
        "broker", BROKER,
        ("kill -9", 0.0, server_signalled("broker", SIGKILL)),
        ("kill -9, down for a while", 5.0, server_down("broker")),
        ("hang (SIGSTOP)", 8.0, server_hung("broker")),
        ("restart", 0.0, server_signalled("broker", SIGTERM)),
        ("FLUSHALL", 0.0, flushed, "early"),
        ("out of memory", 5.0, out_of_memory),
        ("connections reset", 0.0, road_broken("broker", Reset())),
        ("half closed", 3.0, road_broken("broker", HalfClose(), Way.TO_CLIENT)),
        ("cable pulled (blackhole)", 6.0, road_broken("broker", Blackhole())),
        ("slow by 1 s", 6.0, road_broken("broker", Latency(seconds=1.0, jitter=0.5))),
        ("cut between taking a message and noting it", 5.0,
         road_broken("broker", CutOnMatch(pattern=NOTING_WHAT_WAS_TAKEN, nth=2, times=5), Way.TO_SERVER), "early"),
        ("the same message 20 times", 0.0, messages.delivered_twenty_times, "ours"),
        ("a task nobody knows", 0.0, messages.unknown_task, "ours"),
        ("a message nobody can read", 0.0, messages.unreadable, "ours"),
        ("no message at all", 0.0, messages.no_envelope, "ours"),
    ),
    *_of(
        "till", TILL,
        ("kill -9", 0.0, sink_killed("till")),
        ("hang (SIGSTOP)", 5.0, sink_hung("till")),
        ("never answers, has kept it", 5.0, till_broken("hang", effect=True, probability=0.5)),
        ("takes it and drops the answer", 5.0, till_broken("fail_after_effect", probability=0.7), "early"),
        ("503", 5.0, till_broken("server_error", status=503)),
        ("429", 5.0, till_broken("rate_limited", seconds=1)),
        ("HTML where JSON is due", 4.0, till_broken("html", status=200)),
        ("slow by 2 s", 6.0, till_broken("slow", seconds=2.0)),
        ("cable pulled (blackhole)", 5.0, road_broken("till", Blackhole())),
        ("answer cut after 40 bytes", 4.0, road_broken("till", Limit(after_bytes=40), Way.TO_CLIENT)),
        ("connections reset", 0.0, road_broken("till", Reset())),
        rests=8.0,
    ),
    *_of(
        "mail", MAIL,
        ("kill -9", 0.0, sink_killed("mailbox")),
        ("hang (SIGSTOP)", 4.0, sink_hung("mailbox")),
        ("421 at the banner", 3.0, mail_broken("refuse_temporarily", phase="connect", code=421)),
        ("451 after the letter", 3.0, mail_broken("refuse_temporarily", phase="after_data", code=451)),
        ("hangs after the final dot", 3.0, mail_broken("hang", phase="after_data", probability=0.5)),
        ("drops the line after the final dot, has kept it", 3.0, mail_broken("drop", phase="after_data"), "early"),
        ("slow by 1 s", 5.0, mail_broken("slow", phase="data", seconds=1.0)),
        ("cut after the final dot", 3.0,
         road_broken("mail", CutOnMatch(pattern=FINAL_DOT, forward_match=True, times=6), Way.TO_SERVER)),
        ("letters in small slices", 5.0, road_broken("mail", Slicer(piece_bytes=200, pause_seconds=0.002))),
        ("1 kB/s", 4.0, road_broken("mail", Bandwidth(bytes_per_second=1_000), Way.TO_SERVER)),
        ("cable unplugged and plugged in again", 4.0, road_broken("mail", Stall())),
        rests=14.0,
    ),
)  # fmt: skip

NOT_RUN: tuple[NotRun, ...] = (
    NotRun(
        component="clocks",
        name="a worker's clock jumps by an hour",
        because="needs libfaketime, which is not installed; leases are reckoned by the database's clock alone",
    ),
    NotRun(
        component="PostgreSQL, broker",
        name="disk full",
        because="needs a file system of its own, which only root may mount",
    ),
    NotRun(
        component="kernel",
        name="power cut",
        because="needs a machine of its own; kill -9 leaves what the kernel was given",
    ),
)
