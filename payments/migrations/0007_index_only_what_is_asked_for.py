"""
Each event is written once and hardly ever looked for: no index that nobody asks, only the events that tell of money in
those by order and by object, and new rows at the right end of those by time.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# Django's own, for searches by the beginning of a text, which nobody makes.
LIKE = "payments_stripeevent_event_id_4960b114_like"
OLD_BY_ORDER = "payments_stripeevent_order_id_c7532ade"
DROP = "DROP INDEX CONCURRENTLY IF EXISTS {}"
CREATE = "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON payments_stripeevent ({})"


class Migration(migrations.Migration):
    atomic = False  # beside a webhook at work

    dependencies = [("payments", "0006_index_what_waits")]

    operations = [
        AddIndexConcurrently(
            model_name="stripeevent",
            index=models.Index(
                fields=["order"], condition=models.Q(("order__isnull", False)), name="stripe_event_by_order"
            ),
        ),
        migrations.RunSQL(DROP.format(OLD_BY_ORDER), CREATE.format(OLD_BY_ORDER, "order_id")),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="stripeevent",
                    name="order",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stripe_events",
                        to="orders.order",
                    ),
                )
            ]
        ),
        RemoveIndexConcurrently(model_name="stripeevent", name="stripe_event_by_object"),
        AddIndexConcurrently(
            model_name="stripeevent",
            index=models.Index(
                fields=["object_id"],
                condition=models.Q(("state", "ignored"), _negated=True),
                name="stripe_event_by_object",
            ),
        ),
        AddIndexConcurrently(
            model_name="stripeevent",
            index=models.Index(
                fields=["received_at"], condition=models.Q(("state", "ignored")), name="stripe_event_ignored"
            ),
        ),
        AddIndexConcurrently(
            model_name="stripeevent",
            index=models.Index(
                fields=["received_at"],
                condition=models.Q(("state", "ignored"), _negated=True),
                name="stripe_event_heeded",
            ),
        ),
        AddIndexConcurrently(
            model_name="stripeevent",
            index=models.Index(
                fields=["state", "received_at"],
                condition=models.Q(("state__in", ["unmatched", "in_review"])),
                name="stripe_event_open",
            ),
        ),
        RemoveIndexConcurrently(model_name="stripeevent", name="stripe_event_by_state"),
        migrations.RunSQL(DROP.format(LIKE), CREATE.format(LIKE, "event_id varchar_pattern_ops")),
    ]
