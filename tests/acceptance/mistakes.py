"""
The product's settings with one mistake in them, which ISOLATED_MISTAKE names: what the doctor must find.
"""

from rms_backend.settings import *  # noqa: F403 - settings that extend settings
from rms_backend.settings import TEMPLATES, env

match env.choice("MISTAKE", ("none", "route", "templates", "results")):
    case "route":
        CELERY_TASK_ROUTES = {"payments.tasks.sync_order_to_pos_task": {"queue": "pos_snyc"}}
    case "templates":
        TEMPLATES = [{**TEMPLATES[0], "APP_DIRS": False}]
    case "results":
        CELERY_RESULT_EXPIRES = None
