"""
Each sale paid for an index of the movements by ingredient, which nobody asks.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_return_to_stock"), ("orders", "0004_add_disputes_and_partly_paid")]

    operations = [
        # Drops an index: it wants the table for itself, for a blink.
        migrations.AlterField(
            model_name="stockmovement",
            name="ingredient",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orders.ingredient",
            ),
        ),
    ]
