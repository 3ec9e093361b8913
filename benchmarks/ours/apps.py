from django.apps import AppConfig


class OursConfig(AppConfig):
    """
    Puts the six effects of workload W on the menu, and takes everything else off.
    """

    name = "benchmarks.ours"
    label = "ours"

    def ready(self) -> None:
        import payments.refund_tasks  # noqa: PLC0415
        import payments.tasks  # noqa: F401, PLC0415 - writes the menu, and names the dispatcher
        from pipeline.steps import menu  # noqa: PLC0415

        for step in menu:
            menu.remove(step.name)
        from benchmarks.ours import tasks  # noqa: F401, PLC0415 - writes the menu anew
