"""
All settings, typed and checked. Each can be set in the environment or in `.env`; `.env.example` explains them.

With nothing set this is a development system on embedded servers. With DJANGO_DEBUG=0 every address must be set.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import lazy
from kombu import Queue as KombuQueue

from pipeline.queues import Queue
from rms_backend import embedding, log_setup, redis_tls
from rms_backend.environment import ROOT, Environment, isolated

env = Environment.load()
BASE_DIR = ROOT
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_KEPT_DAYS = 30  # pipeline_run_is_kept, in the database, says the same

# Who we are

DEBUG = env.flag("DJANGO_DEBUG", default=True)
EMBEDDED_HOME = Path(env.text("EMBEDDED_HOME", str(ROOT / "var" / ("test" if isolated() else "embedded"))))
_SET_IT = "Set it in the environment or in .env; embedded servers and secrets exist only with DJANGO_DEBUG=1."
if DEBUG:
    SECRET_KEY = env.text("DJANGO_SECRET_KEY") or embedding.secret("django_secret_key", home=EMBEDDED_HOME)
else:
    SECRET_KEY = env.required("DJANGO_SECRET_KEY", _SET_IT)
ALLOWED_HOSTS = env.listed("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "DJANGO_ALLOWED_HOSTS is not set. Name the hosts, for example 'orders.example.com'."
    )

# Isolated runs only: the file of pipeline/crashing.py, in which tests wish that a process dies.
CRASH_AT = env.text("CRASH_AT")
if CRASH_AT and not (DEBUG and isolated()):
    raise ImproperlyConfigured(
        "CRASH_AT lets processes die on purpose, in isolated test runs (RMS_ISOLATED=1) only. Unset it."
    )

DEMO_DATA = DEBUG and not isolated()

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rms_backend",
    "operations",
    "payments",
    "notifications",
    "pos",
    "analytics",
    "loyalty",
    "inventory",
    "orders",
    "pipeline",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "rms_backend.urls"
WSGI_APPLICATION = "rms_backend.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
STATIC_URL = "static/"
# In development files come from their apps; but an image is built without production's addresses.
_files_are_collected = not DEBUG or sys.argv[1:2] == ["collectstatic"]
STATIC_ROOT = ROOT / "static_collected" if _files_are_collected else None
WHITENOISE_USE_FINDERS = DEBUG
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # Django's own default would shift the times in the logs

if not DEBUG:
    SECURE_SSL_REDIRECT = env.flag("DJANGO_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # probes come without TLS and without the proxy
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# Where the facts live

_session = "-c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000"
_database = env.database("DATABASE_URL")
if _database is None and not DEBUG:
    raise ImproperlyConfigured(f"DATABASE_URL is not set. {_SET_IT}")
DATABASE_IS_EMBEDDED = _database is None
if _database is None:
    # makemigrations only looks whether the database agrees: not worth starting a server.
    _database = (
        {"ENGINE": "django.db.backends.dummy"}
        if sys.argv[1:2] == ["makemigrations"]
        else embedding.database(home=EMBEDDED_HOME)
    )
_options = _database.setdefault("OPTIONS", {})
assert isinstance(_options, dict)  # noqa: S101 - told to mypy; environ always gives a dict
_options.setdefault("options", _session)
_options.setdefault("connect_timeout", 5)
# A database whose cable is pulled answers nothing, not even no: notice it within seconds, not within TCP's hours.
for _name, _value in (("keepalives_idle", 10), ("keepalives_interval", 5), ("keepalives_count", 3)):
    _options.setdefault(_name, _value)
_options.setdefault("tcp_user_timeout", 15_000)  # milliseconds
# Statements that ask for it are planned once per connection (payments/at_once.py). Django's own cursors never do.
_options.setdefault("prepare_threshold", 5)
DATABASES = {"default": {**_database, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Where the hints travel

_redis = ("redis", "rediss", "redis+socket", "sentinel")
CELERY_BROKER_URL = env.redis_or("CELERY_BROKER_URL", schemes=(*_redis, "amqp", "amqps"))
if not CELERY_BROKER_URL and not DEBUG:
    raise ImproperlyConfigured(f"CELERY_BROKER_URL is not set. {_SET_IT}")
BROKER_IS_EMBEDDED = not CELERY_BROKER_URL
if BROKER_IS_EMBEDDED:
    CELERY_BROKER_URL = embedding.broker_url(home=EMBEDDED_HOME)
CELERY_RESULT_BACKEND = env.redis_or("CELERY_RESULT_BACKEND", schemes=(*_redis, "rpc")) or (
    "rpc://" if CELERY_BROKER_URL.startswith("amqp") else CELERY_BROKER_URL
)
CELERY_BROKER_USE_SSL = redis_tls.verification("CELERY_BROKER_URL", CELERY_BROKER_URL)
CELERY_REDIS_BACKEND_USE_SSL = redis_tls.verification("CELERY_RESULT_BACKEND", CELERY_RESULT_BACKEND)
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
    # A dead or frozen broker must be noticed. redis-py would wait for ever.
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 10,
    "retry_on_timeout": False,  # True would switch Producer.batch() off (kombu)
    "priority_steps": list(range(10)),
}
# The same for the answers of tasks called by hand: Celery's own patience is 20 tries of up to two minutes each.
CELERY_REDIS_SOCKET_TIMEOUT = CELERY_BROKER_TRANSPORT_OPTIONS["socket_timeout"]
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = CELERY_BROKER_TRANSPORT_OPTIONS["socket_connect_timeout"]
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS: dict[str, object] = {"retry_policy": {"max_retries": 2}}
if "sentinel://" in CELERY_BROKER_URL + CELERY_RESULT_BACKEND:
    _master = env.required("REDIS_SENTINEL_MASTER", "Sentinels are asked for it by name: often mymaster.")
    CELERY_BROKER_TRANSPORT_OPTIONS["master_name"] = _master
    CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS["master_name"] = _master
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that refuses (out of memory, read-only after a fail-over) may be better in a while: no reason to end a worker.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_TASK_ACKS_LATE = env.flag("CELERY_TASK_ACKS_LATE", default=True)
CELERY_TASK_QUEUES = [KombuQueue(queue.value, routing_key=queue.value) for queue in Queue]
CELERY_TASK_QUEUE_MAX_PRIORITY = 10  # RabbitMQ's queues know no priority without it
CELERY_TASK_DEFAULT_QUEUE = Queue.DEFAULT.value
# No CELERY_TASK_DEFAULT_PRIORITY: it would win over every route. pipeline/routing.py knows the middle.
# Our own steps want 100 (pipeline.E003); a developer may try what a short limit does to a task.
CELERY_TASK_TIME_LIMIT = env.whole("CELERY_TASK_TIME_LIMIT", 300, at_least=2 if DEBUG else 100)
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT - min(30, CELERY_TASK_TIME_LIMIT // 2)
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
# Late acknowledgement alone loses a plain task whose process is killed: Celery acknowledges it as failed.
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = env.whole("CELERY_WORKER_PREFETCH_MULTIPLIER", 1, at_least=1)
CELERY_WORKER_MAX_TASKS_PER_CHILD = env.whole("CELERY_WORKER_MAX_TASKS_PER_CHILD", 1000, at_least=1)
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_RESULT_EXPIRES = 3600
CELERY_TIMEZONE = "UTC"
# Django's connection outlives a task: celery/fixups/django.py would close it before and after each one.
CELERY_DB_REUSE_MAX = 1_000_000
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "watch": {
        "task": "operations.tasks.watch_for_unusual_patterns_task",
        "schedule": 60.0,
        "options": {"expires": 50},  # while nobody takes them, they must not pile up
    }
}
# {'payments.tasks.sync_order_to_pos_task': {'queue': 'pos_sync', 'priority': 6}} overrides the menu's own choice.
CELERY_TASK_ROUTES: dict[str, dict[str, object]] = {}

# In memory: no celerybeat-schedule file for two beats to fight over (docs/decisions/0007).
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"

READY_FILE = env.text("READY_FILE")

# Mail

_mail_is_embedded = DEBUG and not env.text("EMAIL_HOST")
if not DEBUG and not env.text("EMAIL_HOST") and not env.text("EMAIL_BACKEND"):
    raise ImproperlyConfigured(f"EMAIL_HOST is not set. {_SET_IT}")
EMAIL_BACKEND = env.text("EMAIL_BACKEND") or (
    "rms_backend.embedding.MailboxBackend"
    if _mail_is_embedded
    else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_HOST = env.host("EMAIL_HOST", "localhost")
EMAIL_PORT = env.whole("EMAIL_PORT", 587, at_least=1, at_most=65_535)
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", default=False)
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=not _mail_is_embedded and not EMAIL_USE_SSL)
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise ImproperlyConfigured("EMAIL_USE_TLS and EMAIL_USE_SSL are both on. Set one of them to 0.")
if EMAIL_USE_TLS and EMAIL_PORT == 465:  # noqa: PLR2004 - the port of mail that is encrypted from its first byte
    raise ImproperlyConfigured(
        "EMAIL_PORT is 465, where TLS comes first. Set EMAIL_USE_SSL=1 and EMAIL_USE_TLS=0."
    )
env.together(
    "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"
)  # Django would not log in with one of them, and not say so
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_TIMEOUT = env.whole("EMAIL_TIMEOUT", 20, at_least=1, at_most=20)  # the lease of a letter is 30
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", "noreply@localhost.localdomain")
EMAIL_LETTERS_PER_SECOND = env.whole("EMAIL_LETTERS_PER_SECOND", 0)  # over all workers; 0: no limit
EMAIL_UNKNOWN_OUTCOME = env.choice("EMAIL_UNKNOWN_OUTCOME", ("resend", "hold"))

# The till

SQUARE_BASE_URL = env.url("SQUARE_BASE_URL", schemes=("https", "http"))
SQUARE_ACCESS_TOKEN = env.text("SQUARE_ACCESS_TOKEN")
# Over all workers; 0: no limit. Our own till stands anything.
POS_ORDERS_PER_SECOND = env.whole("POS_ORDERS_PER_SECOND", 0 if DEBUG and not SQUARE_BASE_URL else 10)
if DEBUG and not SQUARE_BASE_URL:
    SQUARE_BASE_URL = lazy(embedding.till_url, str)(EMBEDDED_HOME)  # known once the till runs
    SQUARE_ACCESS_TOKEN = embedding.secret("till_token", home=EMBEDDED_HOME)
elif not SQUARE_BASE_URL:
    SQUARE_BASE_URL = "https://connect.squareup.com"

# Stripe

# It tells live from test mode, so without it a live system would take every payment for a misfit.
_key_remedy = "Copy it from Stripe's dashboard: sk_live_… or a restricted rk_live_…, in test mode sk_test_…."
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY") if DEBUG else env.required("STRIPE_SECRET_KEY", _key_remedy)
STRIPE_LIVEMODE = STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
# A connected account of ours (Connect); '' for the account that the key belongs to.
STRIPE_ACCOUNT = env.text("STRIPE_ACCOUNT")
if STRIPE_ACCOUNT and not STRIPE_ACCOUNT.startswith("acct_"):
    raise ImproperlyConfigured("STRIPE_ACCOUNT is no id of an account. Write acct_…, or unset it.")
STRIPE_API_BASE = env.url("STRIPE_API_BASE", schemes=("https", "http")) or "https://api.stripe.com"
if urlsplit(STRIPE_API_BASE).scheme == "http" and urlsplit(STRIPE_API_BASE).hostname not in LOOPBACK:
    raise ImproperlyConfigured(
        "STRIPE_API_BASE would send our key to Stripe unencrypted. Write https://…; http:// is for a stand-in on "
        "this machine (127.0.0.1)."
    )
STRIPE_RECONCILE_HOURS = env.whole("STRIPE_RECONCILE_HOURS", 24, at_most=30 * 24)
if STRIPE_SECRET_KEY and STRIPE_RECONCILE_HOURS:
    CELERY_BEAT_SCHEDULE["reconcile"] = {
        "task": "operations.tasks.reconcile_payments_task",
        # A clock time: a beat that is restarted more than once an hour would never come to the end of an interval.
        "schedule": crontab(minute=17),
        "options": {"expires": 50 * 60},
    }
STRIPE_WEBHOOK_SECRETS = env.listed("STRIPE_WEBHOOK_SECRETS")
if not STRIPE_WEBHOOK_SECRETS:
    if not DEBUG:
        raise ImproperlyConfigured(
            "STRIPE_WEBHOOK_SECRETS is not set. Copy the signing secret (whsec_…) of the endpoint from Stripe's "
            "dashboard; while it is being rolled, write the new and the old one, separated by a comma."
        )
    STRIPE_WEBHOOK_SECRETS = [embedding.secret("stripe_webhook", home=EMBEDDED_HOME)]

# The engine

RETRY_TIME_SCALE = env.fraction("RETRY_TIME_SCALE", 1.0)
if RETRY_TIME_SCALE != 1 and not DEBUG:
    raise ImproperlyConfigured(
        "RETRY_TIME_SCALE shortens the waits of a demonstration. Unset it with DJANGO_DEBUG=0."
    )

STEP_RUNS_KEPT_DAYS = env.whole("STEP_RUNS_KEPT_DAYS", 400, at_most=36_500)
if 0 < STEP_RUNS_KEPT_DAYS < SHORTEST_KEPT_DAYS:
    raise ImproperlyConfigured(
        f"STEP_RUNS_KEPT_DAYS is {STEP_RUNS_KEPT_DAYS}: Stripe itself repeats events for {SHORTEST_KEPT_DAYS} days. Write "
        f"{SHORTEST_KEPT_DAYS} or more, or 0 to keep step runs for ever."
    )
if STEP_RUNS_KEPT_DAYS:
    CELERY_BEAT_SCHEDULE["forget"] = {
        "task": "operations.tasks.forget_old_runs_task",
        "schedule": crontab(hour=4, minute=41),
        "options": {"expires": 6 * 60 * 60},
    }

# Who may look on: Flower. It starts without a login in development only, and then only for this machine.

FLOWER_BASIC_AUTH = env.logins("FLOWER_BASIC_AUTH", shortest_password=1 if DEBUG else 12)
FLOWER_ADDRESS = env.text("FLOWER_ADDRESS", "127.0.0.1")
FLOWER_DB = env.text(
    "FLOWER_DB", str((EMBEDDED_HOME if isolated() else ROOT / "var") / "flower" / "flower.db")
)

# Health

_heartbeats = EMBEDDED_HOME / "heartbeats" if isolated() else ROOT / "var" / "heartbeats"
HEARTBEAT_DIR = ROOT / env.text("HEARTBEAT_DIR", str(_heartbeats))
HEALTH_TOKEN = env.text("HEALTH_TOKEN")
ALERT_EMAILS = env.listed("ALERT_EMAILS")
ALERT_REPEAT_HOURS = env.whole("ALERT_REPEAT_HOURS", 6, at_least=1)
ALERT_BACKLOG_SECONDS = env.whole("ALERT_BACKLOG_SECONDS", 300, at_least=10)
ALERT_FAILURE_PERCENT = env.whole("ALERT_FAILURE_PERCENT", 20, at_least=1, at_most=100)

# What is said

LOG_FORMAT = env.choice("LOG_FORMAT", ("human", "json"))
LOG_LEVEL = env.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR"))
if sys.argv[1:2] == ["test"]:
    LOG_LEVEL = "CRITICAL"  # tests provoke every failure there is
LOG_DIR = Path(env.text("LOG_DIR", str(EMBEDDED_HOME / "logs" if isolated() else ROOT / "logs")))
LOG_MAX_MEGABYTES = env.whole("LOG_MAX_MEGABYTES", 10, at_least=1)
LOGGING = log_setup.configuration(line=LOG_FORMAT, level=LOG_LEVEL)
# Each message's way in the log: pipeline/tracing.py
CELERY_TRACE = env.flag("CELERY_TRACE", default=False)
