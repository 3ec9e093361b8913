import pytest

from devtools.stripe_sender.api_version import CURRENT, WITH_CHARGES
from devtools.stripe_sender.events import MENU
from devtools.stripe_sender.tests.stripe_types import complaints

# In what the old version differs from the types of today's package; the rest must agree.
OLD_WAYS = {
    "charge.destination is unknown",
    "charge.dispute is unknown",
    "charge.invoice is unknown",
    "charge.order is unknown",
    "checkout.session.shipping_details is unknown",
    "dispute.balance_transaction is unknown",
    "dispute.enhanced_eligibility_types is missing",
    "dispute.evidence.enhanced_evidence is missing",
    "dispute.evidence_details.enhanced_eligibility is missing",
    "dispute.evidence_details.submission_method is missing",
    "payment_intent.charges is unknown",
    "payment_intent.invoice is unknown",
}


@pytest.mark.parametrize("type_", MENU)
class TestShape:
    def test_is_what_stripes_types_say_today(self, sale, type_):
        about = MENU[type_](sale, api_version=CURRENT)["data"]["object"]

        assert complaints(about) == set()

    def test_differs_in_the_old_version_only_in_the_old_ways(self, sale, type_):
        about = MENU[type_](sale, api_version=WITH_CHARGES)["data"]["object"]

        assert complaints(about) <= OLD_WAYS


class TestOldWays:
    def test_are_all_still_sent(self, sale):
        sent = [build(sale, api_version=WITH_CHARGES)["data"]["object"] for build in MENU.values()]

        assert set().union(*map(complaints, sent)) == OLD_WAYS
