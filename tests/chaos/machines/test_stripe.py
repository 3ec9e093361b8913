"""
What Stripe tells of one order, in any order: where it ends does not depend on the way.
"""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.machines.stripe_machine import StripeOrderMachine


@pytest.mark.django_db
class TestEventsOfOneOrder:
    def test_lead_to_the_same_end_in_any_order_number_and_delay(self):
        run_state_machine_as_test(StripeOrderMachine)
