"""
Tasks not executing, seen from the rows: what is overdue, sent in vain, paused or buried.
"""

from django.db.models import Count

from operations.doctor.finding import Finding, ok, problem, warning
from pipeline import backlog
from pipeline.backlog import Backlog
from pipeline.models import LanePause, State, StepRun
from pipeline.steps import short_name

OFTEN = 3
LATE_SECONDS, TOO_LATE_SECONDS = 30, 120
BURIED_PAGE = "/admin/pipeline/steprun/?state__exact=buried"


def overdue() -> list[Finding]:
    """
    Is anything due that nobody does?
    """
    late = [lane for lane in backlog.by_lane() if lane.overdue_seconds > LATE_SECONDS and not lane.paused]
    return [_late(lane) for lane in late] or [ok("backlog", "Nothing is overdue.")]


def unclaimed() -> list[Finding]:
    """
    Is anything sent again and again, and no worker takes it?
    """
    sent = StepRun.objects.filter(state=State.SENT, due_at__isnull=False, sends__gte=OFTEN)
    by_lane = sent.order_by("lane").values_list("lane").annotate(count=Count("id"))
    remedy = (
        "Its workers are away, swamped, or stuck: `celery -A rms_backend inspect active` shows what they do."
    )
    return [
        warning("claims", f"{count} step runs of the lane {lane} were sent {OFTEN} times or more.", remedy)
        for lane, count in by_lane
    ] or [ok("claims", "What is sent is taken.")]


def paused() -> list[Finding]:
    """
    Does a lane stand still, by whom and why?
    """
    resume = "from pipeline import lanes; lanes.resume(lane=lanes.Queue('{lane}'), by='YOU')"
    return [
        warning(
            "paused",
            f"The lane {pause.lane} is paused by {pause.by} since {pause.paused_at:%Y-%m-%d %H:%M} UTC: {pause.reason}",
            f"Resume it: {_by_hand(resume.format(lane=pause.lane))}",
        )
        for pause in LanePause.objects.order_by("lane")
    ] or [ok("paused", "No lane is paused.")]


def buried() -> list[Finding]:
    """
    What will not be tried again by itself?
    """
    revive = "from pipeline.dead_letters import revive; revive(order_id=ID, step='{step}', by='YOU')"
    rows = StepRun.objects.filter(state=State.BURIED).order_by("step").values_list("step")
    return [
        warning(
            "buried",
            f"{count} of {short_name(step)} lie buried and will not be tried again by themselves.",
            f"See why at {BURIED_PAGE}, mend it, then revive each: {_by_hand(revive.format(step=short_name(step)))}",
        )
        for step, count in rows.annotate(count=Count("id"))
    ] or [ok("buried", "Nothing lies buried.")]


def _by_hand(code: str) -> str:
    return f'`python manage.py shell -c "{code}"`'


def _late(lane: Backlog) -> Finding:
    said = f"{lane.due} step runs of the lane {lane.lane} are overdue, the oldest for {lane.overdue_seconds:.0f} s."
    remedy = "The dispatcher does not run: is there a worker of the queue post_payment, and does it reach the database?"
    if lane.overdue_seconds > TOO_LATE_SECONDS:
        return problem("backlog", said, remedy)
    return warning("backlog", said, remedy)
