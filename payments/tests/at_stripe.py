"""
Stripe for a test case: our stand-in over HTTP, and the real `stripe` library that asks it.
"""

import tempfile
from datetime import timedelta
from pathlib import Path

from django.test import override_settings
from django.utils import timezone

from devtools.stripe_api import running_stripe_api
from orders.models import OrderStatus, Payment
from payments.reconciliation import Wish, reconcile
from payments.stripe_api import StripeApi
from pipeline.models import StepRun
from pipeline.steps import Subject, menu

KEY = "sk_test_reconciliation"


class AtStripe:
    """
    A test case with a stand-in of Stripe for all its tests, and a fresh start for each.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def setUp(self):
        home = Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.home)))
        self.stripe = self.enterContext(running_stripe_api(home=home, key=KEY))
        self.enterContext(override_settings(STRIPE_SECRET_KEY=KEY, STRIPE_API_BASE=self.stripe.url))
        self.waits = []

    def reconcile(self, **wish):
        wish = {"since": timezone.now() - timedelta(hours=1), **wish}
        return reconcile(Wish(**wish), stripe=StripeApi(wait=self.waits.append))

    def assert_paid_once(self, order):
        order.refresh_from_db()
        promised = StepRun.objects.filter(order_id=order.pk).count()
        self.assertEqual((order.status, promised), (OrderStatus.PAID, len(menu.about(Subject.ORDER))))
        self.assertEqual(Payment.objects.filter(order=order).count(), 1)
