from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KT


class Migration(migrations.Migration):
    atomic = False  # beside a webhook at work

    dependencies = [("payments", "0005_note_events")]

    operations = [
        AddIndexConcurrently(
            model_name="stripeevent",
            index=models.Index(
                KT("facts__payment_intent"), condition=models.Q(("state", "unmatched")), name="stripe_event_waiting"
            ),
        ),
    ]
