"""
The product's settings for a process in which one thing is done wrong: MUTANT says which. Isolated processes only.
"""

from django.core.exceptions import ImproperlyConfigured

from rms_backend.environment import isolated
from rms_backend.settings import *  # noqa: F403 - settings that extend settings
from rms_backend.settings import INSTALLED_APPS, env

if not isolated():
    raise ImproperlyConfigured(
        "Mutants do harm on purpose. They live in isolated processes only (RMS_ISOLATED=1)."
    )
INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.mutants.apps.MutantsConfig"]
MUTANT = env.text("MUTANT")
# An order that kills whoever works at it, in a step of its own.
POISON_ORDER = env.whole("POISON_ORDER", 0)
if POISON_ORDER:
    INSTALLED_APPS += ["tests.acceptance.extra_menu.apps.ExtraMenuConfig"]
