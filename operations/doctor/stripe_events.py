"""
Stripe: do the secrets look like what they should be, and do its events come?
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Max
from django.db.models.functions import Now

from operations.doctor.finding import Finding, note, ok, problem, warning
from payments.models import Reconciliation, StripeEvent

LONG_SILENCE = timedelta(days=3)
LONG_WITHOUT = timedelta(hours=3)
LIVE, TEST = ("sk_live_", "rk_live_"), ("sk_test_", "rk_test_")
FROM_DASHBOARD = (
    "Copy it again from Stripe's dashboard (Developers, Webhooks: whsec_…; API keys: sk_… or rk_…)."
)
EVENTS_PAGE = "/admin/payments/stripeevent/?state__exact="


def signing_secrets() -> list[Finding]:
    """
    Are the webhook's secrets Stripe's? They are looked at, never shown.
    """
    odd = [secret for secret in settings.STRIPE_WEBHOOK_SECRETS if not secret.startswith("whsec_")]
    if not odd:
        return [
            ok(
                "webhook secret",
                f"{len(settings.STRIPE_WEBHOOK_SECRETS)}, and each looks like Stripe's (whsec_…).",
            )
        ]
    if settings.DEBUG:
        return [note("webhook secret", "Made up for development: only our own sender of events knows it.")]
    said = f"{len(odd)} of STRIPE_WEBHOOK_SECRETS do not begin with whsec_: Stripe's calls are refused."
    return [problem("webhook secret", said, FROM_DASHBOARD)]


def api_key() -> list[Finding]:
    """
    Is it a secret key, and of the mode that this house is in?
    """
    key = settings.STRIPE_SECRET_KEY
    if not key:
        return [note("API key", "None is set: payments are taken for test payments.")]
    if not key.startswith(LIVE + TEST):
        said = "STRIPE_SECRET_KEY begins with none of sk_live_, rk_live_, sk_test_, rk_test_."
        return [problem("API key", said, FROM_DASHBOARD)]
    if key.startswith(LIVE) and settings.DEBUG:
        remedy = "Set DJANGO_DEBUG=0 for a live house, or use a test key here."
        return [warning("API key", "A live key, with development settings.", remedy)]
    if key.startswith(TEST) and not settings.DEBUG:
        said = "A test key, with production settings: live payments would be put aside for a person."
        return [warning("API key", said, "Write the live key, unless this is a rehearsal.")]
    return [ok("API key", f"A {'live' if key.startswith(LIVE) else 'test'} key, as fits.")]


def arrival() -> list[Finding]:
    """
    How long ago did Stripe last call?
    """
    if (silence := _silence()) is None:
        said = "No event of Stripe's has ever come."
        remedy = "Add the endpoint https://OUR-HOST/payments/webhooks/stripe/ in Stripe's dashboard, and send a test event."
        return [note("events", said) if settings.DEBUG else warning("events", said, remedy)]
    said = f"The last event came {_told(silence)} ago."
    if silence > LONG_SILENCE and not settings.DEBUG:
        remedy = "See the endpoint in Stripe's dashboard: it is switched off after days of failures."
        return [warning("events", said, remedy)]
    return [ok("events", said)]


def waiting() -> list[Finding]:
    """
    Which events wait for their order, or for a person?
    """
    State = StripeEvent.State  # noqa: N806 - a class
    unmatched = StripeEvent.objects.filter(state=State.UNMATCHED).count()
    in_review = StripeEvent.objects.filter(state=State.IN_REVIEW).count()
    found: list[Finding] = []
    if unmatched:
        said = f"{unmatched} payments name an order that we do not know; they are tried again by themselves."
        found.append(
            warning("unmatched", said, f"See them at {EVENTS_PAGE}unmatched: a shared Stripe account?")
        )
    if in_review:
        said = f"{in_review} payments do not fit their order (amount, currency, mode), or came twice."
        found.append(warning("in review", said, f"Decide on each: {EVENTS_PAGE}in_review."))
    return found or [ok("events", "None waits for its order or for a person.")]


def reconciliation() -> list[Finding]:
    """
    When was Stripe last asked what its webhook has not told us?
    """
    name = "reconciliation"
    if not (settings.STRIPE_SECRET_KEY and settings.STRIPE_RECONCILE_HOURS):
        return [note(name, "Off: it wants STRIPE_SECRET_KEY, and STRIPE_RECONCILE_HOURS above 0.")]
    age = Reconciliation.objects.filter(scheduled=True, ended_at__isnull=False, because="").aggregate(
        age=Now() - Max("began_at")
    )["age"]
    if age is not None and age < LONG_WITHOUT:
        return [ok(name, f"Stripe was last asked what we missed {_told(age)} ago.")]
    last = "never" if age is None else f"{_told(age)} ago"
    said = f"Stripe was last asked what we missed {last}."
    remedy = "Does beat run (start_celery_workers --beat)? manage.py reconcile_payments asks at once, and says what is wrong."
    return [note(name, said) if settings.DEBUG else warning(name, said, remedy)]


def _silence() -> timedelta | None:
    # In the words of two indexes, which can answer at once.
    ignored = StripeEvent.objects.filter(state=StripeEvent.State.IGNORED)
    heeded = StripeEvent.objects.exclude(state=StripeEvent.State.IGNORED)
    ages = [events.aggregate(age=Now() - Max("received_at"))["age"] for events in (ignored, heeded)]
    return min((age for age in ages if age is not None), default=None)


def _told(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    if hours < 1:
        return f"{age.total_seconds() / 60:.0f} minutes"
    return f"{hours:.0f} hours" if age < LONG_SILENCE else f"{age.days} days"
