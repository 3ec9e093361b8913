"""
What counts as unusual: one row for each rule, and nothing else raises an alert. docs/operations.md says what to do.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from operations import questions
from operations.questions import Measured


@dataclass(frozen=True, kw_only=True)
class Rule:
    """
    One row: it is broken for each subject of which the question finds as much as `at_least` (a number, or the name of
    the setting that holds it). What does not last for `lasting_seconds` is not told.
    """

    name: str
    question: Callable[[], Measured]
    at_least: int | str
    sentence: str
    remedy: str
    subject: str = ""  # only this one of the question's subjects; '' for each
    lasting_seconds: int = 0

    @property
    def threshold(self) -> int:
        return getattr(settings, self.at_least) if isinstance(self.at_least, str) else self.at_least

    def broken(self, measured: Measured) -> dict[str, str]:
        """
        By subject, the sentence that says what is wrong.
        """
        return {
            subject: self.sentence.format(subject=subject, value=value)
            for subject, value in measured.items()
            if value >= self.threshold and self.subject in ("", subject)
        }


RULES = (
    Rule(
        name="no_worker",
        question=questions.queues_without_a_worker,
        at_least=1,
        lasting_seconds=120,
        sentence="No worker consumes the queue {subject}.",
        remedy="Start one: celery -A rms_backend worker. Without post_payment nothing is dispatched.",
    ),
    Rule(
        name="backlog",
        question=questions.overdue_seconds,
        at_least="ALERT_BACKLOG_SECONDS",
        sentence="On the lane {subject} a step run has been waiting for a worker for {value:.0f} s.",
        remedy="Look whether its workers live (manage.py health) and are enough; add one for this queue.",
    ),
    Rule(
        name="stalled",
        question=questions.stalled_hours,
        at_least=2,  # the till's own retries take an hour
        sentence="On the lane {subject} a step run has been open for {value:.1f} hours.",
        remedy="Read why in the step runs that wait (admin, Step runs): often a login that the other side refuses.",
    ),
    Rule(
        name="paused",
        question=questions.paused_minutes,
        at_least=60,
        sentence="The lane {subject} has been paused for {value:.0f} minutes.",
        remedy="Resume it when the reason is gone: what waits there loses nothing but time.",
    ),
    Rule(
        name="failures",
        question=questions.failed_percent,
        at_least="ALERT_FAILURE_PERCENT",
        sentence="{value:.0f} % of the attempts at {subject} failed in the last fifteen minutes.",
        remedy="Read why in the step runs that wait (admin, Step runs); they are tried again by their policy.",
    ),
    Rule(
        name="burials",
        question=questions.newly_buried,
        at_least=1,
        sentence="{value:.0f} of {subject} were buried within the last hour.",
        remedy="Mend the cause, then revive them; or discard them with a reason.",
    ),
    Rule(
        name="left_buried",
        question=questions.left_buried,
        at_least=1,
        sentence="{value:.0f} of {subject} have been lying buried for more than a day.",
        remedy="Revive or discard them: nobody else will.",
    ),
    Rule(
        name="forged",
        question=questions.rejected_deliveries,
        subject="bad_signature",
        at_least=10,
        sentence="{value:.0f} deliveries to the webhook in fifteen minutes had a wrong signature.",
        remedy="Compare STRIPE_WEBHOOK_SECRETS with Stripe's dashboard; if they agree, somebody is forging.",
    ),
    Rule(
        name="clock",
        question=questions.rejected_deliveries,
        subject="wrong_time",
        at_least=3,
        sentence="{value:.0f} correctly signed deliveries in fifteen minutes were too old or too new.",
        remedy="Check this machine's clock (timedatectl): it may differ from Stripe's by five minutes at most.",
    ),
    Rule(
        name="unreadable",
        question=questions.rejected_deliveries,
        subject="no_event",
        at_least=3,
        sentence="{value:.0f} correctly signed deliveries in fifteen minutes were no event that we can read.",
        remedy="Look at the endpoint's API version in Stripe's dashboard, and whether its payload style is snapshot.",
    ),
    Rule(
        name="oversized",
        question=questions.rejected_deliveries,
        subject="too_large",
        at_least=10,
        sentence="{value:.0f} deliveries to the webhook in fifteen minutes were too large.",
        remedy="Stripe's never are: limit who may reach the webhook.",
    ),
    Rule(
        name="unmatched",
        question=questions.unmatched_events,
        at_least=1,
        sentence="{value:.0f} payments of the last day have found no order for more than ten minutes.",
        remedy="Look whose they are (admin, Stripe events, state unmatched); they are tried again for three days.",
    ),
    Rule(
        name="in_review",
        question=questions.events_in_review,
        at_least=1,
        sentence="{value:.0f} payments of the last day do not fit their order.",
        remedy="A person must look (admin, Stripe events, state in review): amount, currency, or paid twice.",
    ),
    Rule(
        name="partly_paid",
        question=questions.partly_paid_orders,
        at_least=1,
        sentence="Of {value:.0f} orders of the last day only a part of the money was captured.",
        remedy="What is missing never comes by the same payment: refund the part, or ask the guest for the rest.",
    ),
    Rule(
        name="disputes",
        question=questions.open_disputes,
        at_least=1,
        sentence="{value:.0f} payments are disputed by their guests' banks.",
        remedy="Answer each in Stripe's dashboard before its date: without an answer it is lost.",
    ),
    Rule(
        name="missed_webhooks",
        question=questions.missed_webhooks,
        at_least=1,
        sentence="Reconciliation repaired {value:.0f} orders within two hours: the webhook was missed.",
        remedy="Look at the endpoint in Stripe's dashboard: deliveries that fail, types that are not sent, or switched off.",
    ),
    Rule(
        name="cannot_reconcile",
        question=questions.hours_not_reconciled,
        at_least=3,
        sentence="For {value:.0f} hours Stripe could not be asked what its webhook has not told us, or something could not be taken in.",
        remedy="manage.py reconcile_payments says why. Nothing is lost: the next success looks at all that time.",
    ),
)
