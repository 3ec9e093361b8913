"""
Vacuum cleans the indexes, too, however large the table is: otherwise it leaves them alone while few pages of it have dead rows,
and each look for work walks past those that were due long ago. That costs a walk through all indexes, so of a large table a
five-hundredth must be dead first.
"""

from django.db import migrations

# It locks out neither readers nor writers.
CLEAN = "ALTER TABLE pipeline_steprun SET (vacuum_index_cleanup = on, autovacuum_vacuum_scale_factor = 0.002)"
LEAVE = """
ALTER TABLE pipeline_steprun RESET (vacuum_index_cleanup);
ALTER TABLE pipeline_steprun SET (autovacuum_vacuum_scale_factor = 0.0)
"""


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0008_find_runs_by_subject")]

    operations = [migrations.RunSQL(CLEAN, LEAVE)]
