from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # beside workers at work

    dependencies = [("pipeline", "0006_let_old_runs_be_forgotten")]

    operations = [
        AddIndexConcurrently(
            model_name="stepevent",
            index=models.Index(fields=["at"], name="step_event_by_time"),
        ),
    ]
