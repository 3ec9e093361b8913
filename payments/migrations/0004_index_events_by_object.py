from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # beside a webhook at work

    dependencies = [
        ('payments', '0003_add_reconciliation'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='stripeevent',
            index=models.Index(fields=['object_id'], name='stripe_event_by_object'),
        ),
    ]
