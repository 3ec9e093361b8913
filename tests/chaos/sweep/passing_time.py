"""
The time that would pass after a crash: leases of the gone end, PostgreSQL gives up idle transactions, waits are over.

Only what nobody works at any more is moved: a living worker is done long before its lease ends.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from celery import Celery
from django.db import connection

IDLE_SECONDS = 0.5
NUMBER = re.compile(r"\d+")

RUNNING = "SELECT step, subject_id, lease_token FROM pipeline_steprun WHERE state = 'running'"
END_LEASE = """
WITH ours AS (
    SELECT id FROM pipeline_steprun
     WHERE step = %s AND subject_id = %s AND lease_token = %s AND due_at > clock_timestamp() FOR UPDATE SKIP LOCKED)
UPDATE pipeline_steprun run SET due_at = clock_timestamp() - interval '1 second'
  FROM ours WHERE run.id = ours.id
RETURNING sending_at IS NOT NULL
"""
# What idle_in_transaction_session_timeout does after a minute.
END_IDLE_TRANSACTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND state LIKE 'idle in transaction%%' AND pid <> pg_backend_pid()
   AND state_change < clock_timestamp() - make_interval(secs => %s)
"""
RETRY_NOW = """
UPDATE payments_stripeevent SET retry_at = clock_timestamp()
 WHERE event_id IN (SELECT event_id FROM payments_stripeevent WHERE retry_at > clock_timestamp() FOR UPDATE SKIP LOCKED)
"""


@dataclass
class PassingTime:
    """
    Lets it pass. `unknown` counts, by step, what was being sent by somebody whose lease it ended.
    """

    app: Celery
    unknown: Counter[str] = field(default_factory=Counter)

    def pass_without(self, victim: int) -> None:
        """
        Let a minute pass for what this process, dead or stopped, and others that gave up have left behind.
        """
        with connection.cursor() as cursor:
            cursor.execute(END_IDLE_TRANSACTIONS, [IDLE_SECONDS])
            cursor.execute(RETRY_NOW)
            cursor.execute(RUNNING)
            running = cursor.fetchall()
            # Asked after the rows were read: who is not at work now, was not when he had the row, or has given it up.
            held = self._held_by_others(victim) if running else set()
            for step, subject, token in running:
                if (step, subject) not in held:
                    cursor.execute(END_LEASE, [step, subject, token])
                    self.unknown[step] += sum(1 for (sending,) in cursor.fetchall() if sending)

    def at_work(self) -> list[tuple[int, str, set[int]]]:
        """
        Process, task and subjects of each message that a worker works at.
        """
        told = self.app.control.inspect(timeout=10, limit=1).active() or {}
        return [
            (task["worker_pid"], task["name"], {int(n) for n in NUMBER.findall(str(task["args"]))})
            for tasks in told.values()
            for task in tasks
        ]

    def _held_by_others(self, victim: int) -> set[tuple[str, int]]:
        return {
            (name, s) for process, name, subjects in self.at_work() if process != victim for s in subjects
        }
