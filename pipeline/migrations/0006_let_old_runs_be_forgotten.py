"""
What was done long ago may be forgotten, and nothing else: the database allows no other removal.
"""

from django.db import migrations, models

# A run goes only when it was done at least thirty days ago, and lines of the history only after their run.
ALLOW = """
CREATE FUNCTION pipeline_run_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'done' AND OLD.finished_at < clock_timestamp() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Only step runs that were done more than 30 days ago can be forgotten.';
END $$;
CREATE TRIGGER pipeline_run_is_kept BEFORE DELETE ON pipeline_steprun
    FOR EACH ROW EXECUTE FUNCTION pipeline_run_is_kept();
CREATE OR REPLACE FUNCTION pipeline_history_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM pipeline_steprun WHERE id = OLD.step_run_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The history of step runs is only ever added to.';
END $$;
"""
FORBID = """
CREATE OR REPLACE FUNCTION pipeline_history_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The history of step runs is only ever added to.';
END $$;
DROP TRIGGER pipeline_run_is_kept ON pipeline_steprun;
DROP FUNCTION pipeline_run_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0005_add_withdrawn")]

    operations = [
        migrations.CreateModel(
            name="ForgottenRuns",
            fields=[
                ("step", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("first_subject", models.BigIntegerField()),
                ("last_subject", models.BigIntegerField()),
                ("runs", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(ALLOW, FORBID),
    ]
