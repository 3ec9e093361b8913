"""
All examinations, in the order in which they are read.
"""

from functools import cache, partial

from django.conf import settings

from operations.doctor import (
    broker,
    clock,
    configuration,
    database,
    limits,
    machine,
    mail,
    memory,
    promises,
    stripe_events,
    till,
    work,
)
from operations.doctor.rounds import Examination, Party, Result, make_rounds
from pipeline.roll_call import roll_call

GRACE_SECONDS = 1  # our own time-outs come first: they know more
STARTING_SECONDS = 60  # embedded servers that nobody has needed yet
ALL_WITHIN_SECONDS = 30
# Who calls the workers asks them four times; PostgreSQL's own connect_timeout is longer than our patience.
QUESTIONS = {"workers": 4, "database": 2}


def examine(*, patience_seconds: float, memory_limit_bytes: int | None) -> list[Result]:
    """
    Carry out all examinations; a question to the outside waits so many seconds for its answer.
    """
    table = examinations(patience_seconds=patience_seconds, memory_limit_bytes=memory_limit_bytes)
    return make_rounds(table, within_seconds=ALL_WITHIN_SECONDS + _starting() + 4 * patience_seconds)


def examinations(*, patience_seconds: float, memory_limit_bytes: int | None) -> tuple[Examination, ...]:
    """
    The table: topic, title, whom it asks, what is done.
    """
    p = {"patience_seconds": patience_seconds}
    crew = cache(partial(roll_call, within_seconds=patience_seconds))
    here, db, mq, smtp, pos = Party
    table = (
        ("Settings", "mode", here, configuration.mode),
        ("Settings", "system checks", here, configuration.system_checks),
        ("Database", "database", db, database.answers),
        ("Database", "version", db, database.version),
        ("Database", "tables", db, database.tables),
        ("Database", "place", db, database.place),
        ("Database", "connections", db, database.room),
        ("Database", "history", db, database.history),
        ("Broker", "broker", mq, partial(broker.answers, **p)),
        ("Broker", "setup", mq, partial(broker.setup, **p)),
        ("Broker", "results", mq, partial(broker.results, **p)),
        ("Tasks", "workers", mq, lambda: work.somebody_works(crew())),
        ("Tasks", "queues", mq, lambda: work.every_queue_is_consumed(crew())),
        ("Tasks", "code", mq, lambda: work.every_step_is_known(crew())),
        ("Tasks", "routes", here, work.routes),
        ("Tasks", "messages", mq, partial(work.queue_lengths, **p)),
        ("Tasks", "backlog", db, promises.overdue),
        ("Tasks", "claims", db, promises.unclaimed),
        ("Tasks", "paused", db, promises.paused),
        ("Tasks", "buried", db, promises.buried),
        ("E-mail", "mail server", smtp, partial(mail.lets_us_in, **p)),
        ("E-mail", "login", here, mail.login),
        ("E-mail", "sender", here, mail.sender),
        ("E-mail", "templates", here, mail.templates),
        ("Memory", "memory", mq, lambda: memory.of_machines(crew(), limit_bytes=memory_limit_bytes)),
        ("Memory", "processes", mq, lambda: memory.of_processes(crew())),
        ("Memory", "results", here, memory.results_expire),
        ("Memory", "results", mq, partial(memory.kept_results, **p)),
        ("Time limits", "tasks", here, limits.of_tasks),
        ("Time limits", "workers", mq, lambda: work.same_time_limit(crew())),
        ("Time limits", "redelivery", here, limits.of_redelivery),
        ("Time limits", "letters", here, limits.of_letters),
        ("Clocks", "database's clock", db, clock.of_the_database),
        ("Clocks", "broker's clock", mq, partial(clock.of_the_broker, **p)),
        ("Stripe", "webhook secret", here, stripe_events.signing_secrets),
        ("Stripe", "API key", here, stripe_events.api_key),
        ("Stripe", "events", db, stripe_events.arrival),
        ("Stripe", "waiting", db, stripe_events.waiting),
        ("Stripe", "reconciliation", db, stripe_events.reconciliation),
        ("Till", "till", pos, partial(till.answers, **p)),
        ("Till", "locations", db, partial(till.places, **p)),
        ("This machine", "disks", here, machine.disks),
        ("This machine", "open files", here, machine.open_files),
    )
    return tuple(
        Examination(
            topic=topic,
            title=title,
            asks=asks,
            carry_out=carry_out,
            within_seconds=patience_seconds * QUESTIONS.get(title, 1) + GRACE_SECONDS + _starting(),
        )
        for topic, title, asks, carry_out in table
    )


def _starting() -> int:
    return STARTING_SECONDS if settings.DATABASE_IS_EMBEDDED or settings.BROKER_IS_EMBEDDED else 0
