"""
Packing: what is kept, what is sent again, and what is not sent at all.
"""

from concurrent.futures import ThreadPoolExecutor

from orders.models import Order, OrderLine, OrderTax, Payment, PosProvider, Restaurant, Variant
from orders.testing import make_order, make_restaurant
from pipeline.steps import Attempt
from pos.models import Ticket
from pos.square_bodies import LocationMissing
from pos.square_taxes import TaxesDoNotFit
from pos.tests.tills import TillTestCase
from pos.tickets import TillNotSupported, tickets

FIRST = Attempt(subject_id=1, order_id=1, number=1)


class TestPacking(TillTestCase):
    def test_asks_the_database_as_often_for_twenty_orders_as_for_one(self):
        restaurant = make_restaurant(tax_ppm=88_750)
        orders = [make_order(restaurant=restaurant) for _ in range(21)]

        with self.assertNumQueries(6):
            tickets(order_ids=[orders[0].pk])
        with self.assertNumQueries(6):
            packed = tickets(order_ids=[order.pk for order in orders[1:]])
        with self.assertNumQueries(4):
            tickets(order_ids=[order.pk for order in orders])

        self.assertEqual(sorted(packed), [order.pk for order in orders[1:]])

    def test_needs_no_database_for_the_sending(self):
        packed = tickets(order_ids=[make_order().pk])

        with self.assertNumQueries(0):
            next(iter(packed.values())).send(FIRST)

    def test_lets_twenty_be_sent_at_the_same_time(self):
        restaurant = make_restaurant()
        packed = tickets(order_ids=[make_order(restaurant=restaurant).pk for _ in range(20)])

        with ThreadPoolExecutor(max_workers=8) as threads:
            reports = list(threads.map(lambda parcel: parcel.send(FIRST), packed.values()))

        self.assertEqual(len({report["pos_order_id"] for report in reports}), 20)
        self.assertEqual((self.till.counts().orders, self.till.counts().payments), (20, 20))

    def test_sends_what_was_kept_whatever_has_changed_since(self):
        order = make_order()
        self.till.break_down("server_error", times=1)
        with self.assertRaises(Exception):  # noqa: B017 - how it fails is another test's matter
            self.send(order)
        OrderLine.objects.filter(order=order).update(name="Marinara", price_minor=1)
        Variant.objects.update(price_minor=1)
        Restaurant.objects.update(pos_location="LTOKYO")

        held = self.at_till(self.send(order, number=2, outcome_unknown=True))

        self.assertEqual([line["name"] for line in held["line_items"]], ["Margherita", "Margherita"])
        self.assertEqual((held["location_id"], held["total_money"]["amount"]), ("LROMA", 5350))

    def test_keeps_the_ticket_of_whoever_was_first(self):
        order = make_order()
        first = Ticket(
            order=order, provider="square", idempotency_key="k", order_body={"a": 1}, payment_body={}
        )
        second = Ticket(
            order=order, provider="square", idempotency_key="k", order_body={"a": 2}, payment_body={}
        )

        Ticket.keep([first])
        kept = Ticket.keep([second])

        self.assertEqual(kept[order.pk].order_body, {"a": 1})

    def test_takes_keys_that_fit_into_squares_columns(self):
        order = make_order()
        tickets(order_ids=[order.pk])

        ticket = Ticket.objects.get(order=order)
        self.assertLessEqual(len(ticket.payment_body["idempotency_key"]), 45)
        self.assertLessEqual(len(ticket.order_body["order"]["reference_id"]), 40)
        self.assertNotEqual(ticket.payment_body["idempotency_key"], ticket.order_body["idempotency_key"])

    def test_names_the_payment_at_stripe(self):
        order = make_order()
        tickets(order_ids=[order.pk])

        details = Ticket.objects.get(order=order).payment_body["external_details"]
        paid_by = Payment.objects.get(order=order).payment_intent
        self.assertEqual(details, {"type": "CARD", "source": "Stripe", "source_id": paid_by})

    def test_does_without_a_payment_row(self):
        order = make_order(paid=False)

        self.send(order)

        details = Ticket.objects.get(order=order).payment_body["external_details"]
        self.assertEqual(details, {"type": "CARD", "source": "Stripe"})

    def test_refuses_an_order_that_does_not_exist(self):
        with self.assertRaisesMessage(Order.DoesNotExist, "There are no orders [99999999]."):
            tickets(order_ids=[make_order().pk, 99_999_999])


class TestWhatIsNotSent(TillTestCase):
    def test_is_an_order_of_a_restaurant_without_a_till(self):
        order = make_order(restaurant=make_restaurant(pos_provider=PosProvider.NONE))

        report = self.send(order)

        self.assertEqual(report, {"till": "none"})
        self.assertEqual((Ticket.objects.count(), self.till.counts().requests), (0, 0))

    def test_is_an_order_of_a_restaurant_without_a_location_and_its_neighbours_are_sent(self):
        lost = make_order(restaurant=make_restaurant(pos_location=""))
        good = make_order()

        packed = tickets(order_ids=[lost.pk, good.pk])

        with self.assertRaisesMessage(LocationMissing, "Copy the location's id from Square's dashboard"):
            packed[lost.pk].send(FIRST)
        self.assertIn("pos_order_id", packed[good.pk].send(FIRST))

    def test_goes_out_once_the_location_is_there(self):
        order = make_order(restaurant=make_restaurant(pos_location=""))
        with self.assertRaises(LocationMissing):
            self.send(order)
        Restaurant.objects.update(pos_location="LROMA")

        self.assertIn("pos_order_id", self.send(order))

    def test_is_an_order_for_a_till_we_do_not_know(self):
        order = make_order(restaurant=make_restaurant(pos_provider="abacus"))

        with self.assertRaisesMessage(TillNotSupported, "The restaurant's till is 'abacus'."):
            self.send(order)

    def test_is_an_order_whose_tax_is_not_what_its_rates_come_to(self):
        order = make_order(restaurant=make_restaurant(tax_ppm=88_750))
        OrderTax.objects.update(rate_ppm=10_000)

        with self.assertRaisesMessage(
            TaxesDoNotFit, "The order carries $4.75 of tax, but the till will compute $0.5"
        ):
            self.send(order)
        self.assertEqual(self.till.counts().requests, 0)
