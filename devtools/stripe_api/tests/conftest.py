import pytest
import stripe

from devtools.stripe_api import running_stripe_api
from devtools.stripe_sender import Sale

NOW = 1_790_000_000


@pytest.fixture
def api(tmp_path):
    with running_stripe_api(home=tmp_path / "stripe", clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def caller(api):
    """
    The official library, pointed at the stand-in.
    """
    return calling(api)


def calling(api, *, key=None, **more):
    return stripe.StripeClient(
        key or api.key, base_addresses={"api": api.url}, max_network_retries=0, **more
    ).v1


def sale(number=1, **changes):
    told = {
        "order_reference": f"R-{number}",
        "amount": 1995,
        "currency": "usd",
        "created": NOW - 1000 + number,
    }
    return Sale.of(**{**told, **changes})
