"""
The product's settings, and one more that the product does not offer: how soon the broker hands out again what was not
acknowledged. Correctness must not come from there, so the run tries a time that is far too short.
"""

from rms_backend.settings import *  # noqa: F403 - settings that extend settings
from rms_backend.settings import CELERY_BROKER_TRANSPORT_OPTIONS, env

CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_BROKER_TRANSPORT_OPTIONS,
    "visibility_timeout": env.whole("VISIBILITY_TIMEOUT", 3600, at_least=1),
}
