"""
No index that nobody asks. An order that is paid changes no indexed column any more, and a little room on each page keeps its
new version beside the old one: no index has to be told.
"""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations

# Django's own, for searches by the beginning of a text, which nobody makes.
LIKE = (
    ("orders_payment_payment_intent_903df9b3_like", "orders_payment", "payment_intent"),
    ("orders_charge_stripe_id_9845f2c2_like", "orders_charge", "stripe_id"),
    ("orders_charge_payment_intent_8e23d9c8_like", "orders_charge", "payment_intent"),
)
DROP = "DROP INDEX CONCURRENTLY IF EXISTS {}"
CREATE = "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} ({} varchar_pattern_ops)"


class Migration(migrations.Migration):
    atomic = False  # beside a webhook at work

    dependencies = [("orders", "0004_add_disputes_and_partly_paid")]

    operations = [
        RemoveIndexConcurrently(model_name="order", name="order_by_restaurant_paid_at"),
        # For pages that are written from now on; it locks out neither readers nor writers.
        migrations.RunSQL(
            "ALTER TABLE orders_order SET (fillfactor = 90)", "ALTER TABLE orders_order RESET (fillfactor)"
        ),
        *(
            migrations.RunSQL(DROP.format(name), CREATE.format(name, table, column))
            for name, table, column in LIKE
        ),
    ]
