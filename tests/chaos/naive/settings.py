"""
Settings of the control: Celery's and Django's defaults wherever there is one.
"""

import os

import environ

_told = os.environ.get

SECRET_KEY = "the control keeps no secrets"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.contenttypes", "tests.chaos.naive"]
ROOT_URLCONF = "tests.chaos.naive.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": environ.Env.db_url_config(_told("NAIVE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"))
}

EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(_told("NAIVE_EMAIL_PORT", "25"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = "noreply@localhost.localdomain"

CELERY_BROKER_URL = _told("NAIVE_BROKER_URL", "redis://127.0.0.1:1/0")
CELERY_TASK_ROUTES = {
    "tests.chaos.naive.tasks.send_order_confirmation_email_task": {"queue": "emails"},
    "tests.chaos.naive.tasks.send_staff_notification_task": {"queue": "emails"},
    "tests.chaos.naive.tasks.sync_order_to_pos_task": {"queue": "pos_sync"},
    "tests.chaos.naive.tasks.record_payment_analytics_task": {"queue": "analytics"},
    "tests.chaos.naive.tasks.process_loyalty_rewards_task": {"queue": "loyalty"},
    "tests.chaos.naive.tasks.update_inventory_levels_task": {"queue": "inventory"},
}

STRIPE_WEBHOOK_SECRET = _told("NAIVE_STRIPE_SECRET", "")
SQUARE_BASE_URL = _told("NAIVE_TILL_URL", "")
SQUARE_ACCESS_TOKEN = _told("NAIVE_TILL_TOKEN", "")
RETRY_TIME_SCALE = float(_told("NAIVE_RETRY_TIME_SCALE", "1"))
