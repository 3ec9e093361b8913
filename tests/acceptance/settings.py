"""
The product's settings plus the extra menu; POISON_ORDER says which order kills its worker (0 = none).
"""

from rms_backend.settings import *  # noqa: F403 - settings that extend settings
from rms_backend.settings import INSTALLED_APPS, env

INSTALLED_APPS = [*INSTALLED_APPS, "tests.acceptance.extra_menu.apps.ExtraMenuConfig"]
POISON_ORDER = env.whole("POISON_ORDER", 0)
