"""
The history refuses to be rewritten, and the busy table is vacuumed often: its dead rows slow down every look for work.
"""

from django.db import migrations

PROTECT = """
CREATE FUNCTION pipeline_history_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The history of step runs is only ever added to.';
END $$;
CREATE TRIGGER pipeline_history_is_final BEFORE UPDATE OR DELETE ON pipeline_stepevent
    FOR EACH ROW EXECUTE FUNCTION pipeline_history_is_final();
"""
UNPROTECT = """
DROP TRIGGER pipeline_history_is_final ON pipeline_stepevent;
DROP FUNCTION pipeline_history_is_final();
"""
TUNE = """
ALTER TABLE pipeline_steprun SET (
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.0, autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0)
"""
UNTUNE = """
ALTER TABLE pipeline_steprun RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
    autovacuum_analyze_scale_factor, autovacuum_analyze_threshold, autovacuum_vacuum_cost_delay)
"""


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0001_initial")]

    operations = [migrations.RunSQL(PROTECT, UNPROTECT), migrations.RunSQL(TUNE, UNTUNE)]
