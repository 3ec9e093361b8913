from django.contrib.auth import get_user_model
from django.test import TestCase

from orders.models import OrderStatus
from orders.testing import make_order


class TestAdminOfOrders(TestCase):
    def setUp(self):
        self.client.force_login(get_user_model().objects.create_superuser("anna", password="a long password"))

    def test_shows_orders_in_review(self):
        order = make_order(paid=False)
        order.mark_in_review(reason="paid 1, ordered for 5350 (minor units)")

        page = self.client.get("/admin/orders/order/?status__exact=in_review")

        self.assertContains(page, "paid 1, ordered for 5350")

    def test_cannot_take_a_payment_back_with_a_form_that_is_out_of_date(self):
        order = make_order()

        answer = self.client.post(f"/admin/orders/order/{order.pk}/change/", {"status": "pending_payment"})

        order.refresh_from_db()
        self.assertEqual((answer.status_code, order.status), (403, OrderStatus.PAID))
