"""
Django's own index for searches by the beginning of a text, which nobody makes.
"""

from django.db import migrations

NAME = "pos_ticket_idempotency_key_45b738a1_like"


class Migration(migrations.Migration):
    atomic = False  # beside workers at work

    dependencies = [("pos", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {NAME} ON pos_ticket (idempotency_key varchar_pattern_ops)",
        )
    ]
