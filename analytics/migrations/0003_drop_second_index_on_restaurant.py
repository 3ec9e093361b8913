"""
The index on restaurant and business date answers for the restaurant, too.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0002_count_refunds"), ("orders", "0004_add_disputes_and_partly_paid")]

    operations = [
        # Drops an index: it wants the table for itself, for a blink.
        migrations.AlterField(
            model_name="salefact",
            name="restaurant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orders.restaurant",
            ),
        ),
    ]
