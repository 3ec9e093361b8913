"""
The product's settings plus the extra menu and the plain tasks. POISON_ORDER says which order kills its worker, and
HANGING_ORDER on which one it hangs (0 = none); NOTES is the file in which plain tasks note what they do.
"""

from rms_backend.settings import *  # noqa: F403 - settings that extend settings
from rms_backend.settings import INSTALLED_APPS, env

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "tests.acceptance.extra_menu.apps.ExtraMenuConfig",
    "tests.acceptance.plain_tasks",
]
POISON_ORDER = env.whole("POISON_ORDER", 0)
HANGING_ORDER = env.whole("HANGING_ORDER", 0)
NOTES = env.text("NOTES")
CELERY_BEAT_SCHEDULE = {
    "note": {"task": "tests.acceptance.plain_tasks.tasks.note", "schedule": 1.0, "args": ("beat",)}
}
