from django.apps import AppConfig


class WorkloadConfig(AppConfig):
    """
    The tables of workload W.
    """

    name = "benchmarks.workload"
    label = "workload"
    default_auto_field = "django.db.models.BigAutoField"
