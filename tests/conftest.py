"""
How hard hypothesis tries: `ci` is quick and always the same, `deep` looks for hours where it is let.
"""

import os

from hypothesis import HealthCheck, settings

# A database on a busy machine knows no deadline for a single example.
USUAL = {"deadline": None, "suppress_health_check": list(HealthCheck)}

settings.register_profile(
    "ci", max_examples=25, stateful_step_count=25, derandomize=True, database=None, **USUAL
)
settings.register_profile("deep", max_examples=1_000, stateful_step_count=60, print_blob=True, **USUAL)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
