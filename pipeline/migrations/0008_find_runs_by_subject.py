"""
The subject comes first in what keeps a run unique, and orders are found by it: new rows come to the right end of the index,
and it stays low. One large index less.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# Beside workers at work: building an index locks nobody out (SHARE UPDATE EXCLUSIVE). The exchange, which keeps the name,
# wants the table for itself, for a blink. What an attempt left that was broken off is cleared away first.
CLEAR = "DROP INDEX CONCURRENTLY IF EXISTS {name}_new"
BUILD = "CREATE UNIQUE INDEX CONCURRENTLY {name}_new ON pipeline_steprun ({columns})"
EXCHANGE = """
ALTER TABLE pipeline_steprun DROP CONSTRAINT {name}, ADD CONSTRAINT {name} UNIQUE USING INDEX {name}_new
"""
NAME = "step_run_once_per_subject"


def exchange_for(columns: str) -> list[str]:
    return [part.format(name=NAME, columns=columns) for part in (CLEAR, BUILD, EXCHANGE)]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("pipeline", "0007_index_history_by_time")]

    operations = [
        *(
            migrations.RunSQL(there, back)
            for there, back in zip(
                exchange_for("subject_id, step"), reversed(exchange_for("step, subject_id")), strict=True
            )
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="steprun", name=NAME),
                migrations.AddConstraint(
                    model_name="steprun",
                    constraint=models.UniqueConstraint(fields=["subject_id", "step"], name=NAME),
                ),
            ]
        ),
        AddIndexConcurrently(
            model_name="steprun",
            index=models.Index(
                fields=["order_id"],
                name="step_run_of_refund",
                condition=~models.Q(order_id=models.F("subject_id")),
            ),
        ),
        RemoveIndexConcurrently(model_name="steprun", name="step_run_by_order"),
    ]
