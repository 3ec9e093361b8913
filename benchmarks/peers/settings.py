"""
A plain Django project: the orders, the workload, PostgreSQL through its socket over a connection that is kept.
"""

import os
from pathlib import Path

from embedded import Servers

at = Servers(Path(os.environ["ISOLATED_EMBEDDED_HOME"])).addresses()

DEBUG = False
SECRET_KEY = "nothing is signed with it"  # noqa: S105
INSTALLED_APPS = ["django.contrib.contenttypes", "orders", "benchmarks.workload"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": at.postgres_database,
        "USER": at.postgres_user,
        "PASSWORD": at.postgres_password,
        "HOST": at.postgres_host,
        "PORT": str(at.postgres_port),
        "CONN_MAX_AGE": None,  # the first advice of each documentation: do not reconnect for every task
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True
TIME_ZONE = "UTC"
# redis-py's name for a socket; Celery's is `at.broker_url`.
BROKER_SOCKET_URL = f"unix://:{at.broker_password}@{at.broker_socket}?db=0"
