"""
A webhook that nobody answered for days: reconciliation makes up for it, in a whole house.
"""

import time

import pytest

from devtools.stripe_api import running_stripe_api
from devtools.stripe_sender import events
from tests.acceptance.house import House, sale

pytestmark = pytest.mark.acceptance
KEY = "sk_test_house"
A_WHILE = 10 * 60
AS_BEAT_WOULD = """
from rms_backend import celery_app as app
[entry] = [entry for entry in app.Beat().Service(app).scheduler.schedule.values() if "reconcile" in entry.task]
assert entry.is_due().is_due is False and entry.schedule.minute == {17}
app.send_task(entry.task, **entry.options)
"""


@pytest.fixture
def stripe(tmp_path):
    with running_stripe_api(home=tmp_path / "stripe", key=KEY) as api:
        yield api


class TestMissedWebhook:
    def test_is_made_up_for_and_each_step_happens_once(self, house: House, stripe):
        orders = house.orders(9)
        paid = [events.payment_intent_succeeded(sale(order)) for order in orders]
        house.pay(orders[:3])
        stripe.happened(*paid[:3], delivered=True)
        stripe.happened(*paid[3:6])
        stripe.holds_what_is_told_by(paid[6:])

        first = reconcile(house, stripe)
        again = reconcile(house, stripe)
        with house.sender() as sender:  # Stripe's own last try comes after all
            late = [sender.send(event).status for event in paid]

        house.wait_until_at_rest(orders)
        house.assert_each_step_happened_once(orders)
        assert first.splitlines()[-1] == "Repaired 6 orders: the webhook was missed."
        assert again.splitlines()[-1] == "Nothing was missed."
        assert set(late) == {200}

    def test_is_made_up_for_by_a_worker_when_beat_says_so(self, empty_house: House, stripe):
        told = at(stripe)
        orders = empty_house.orders(3)
        earlier = int(time.time()) - A_WHILE  # the schedule leaves what its webhook may still tell
        stripe.happened(*(events.payment_intent_succeeded(sale(order, created=earlier)) for order in orders))
        empty_house.start_worker(**told)

        with empty_house.told(**told):
            empty_house.shell(AS_BEAT_WOULD)

        empty_house.wait_until_at_rest(orders)
        empty_house.assert_each_step_happened_once(orders)

    def test_is_said_to_be_unknown_where_stripe_cannot_be_asked(self, quiet_house: House, stripe):
        without_key = quiet_house.manage("reconcile_payments")
        refused = quiet_house.manage(
            "reconcile_payments",
            ISOLATED_STRIPE_SECRET_KEY="sk_test_of_somebody_else",
            ISOLATED_STRIPE_API_BASE=stripe.url,
        )

        assert (without_key.returncode, refused.returncode) == (1, 1)
        assert "STRIPE_SECRET_KEY is not set. Copy it from Stripe's dashboard" in without_key.stderr
        assert "Stripe does not know our key." in refused.stderr
        assert "somebody_else" not in refused.stderr


def at(stripe) -> dict[str, str]:
    """
    What a process is told that may ask this Stripe.
    """
    return {"ISOLATED_STRIPE_SECRET_KEY": KEY, "ISOLATED_STRIPE_API_BASE": stripe.url}


def reconcile(house: House, stripe) -> str:
    """
    What the command says, as a person calls it.
    """
    done = house.manage("reconcile_payments", "--since", "1h", **at(stripe))
    assert done.returncode == 0, done.stderr
    return done.stdout
