import pytest

from devtools.stripe_sender import Sale
from devtools.stripe_sender.tests.endpoint import endpoint as endpoint


@pytest.fixture
def sale():
    return Sale.of(order_reference="R-1001", amount=1995, currency="usd", seed=1, created=1_790_000_000)
