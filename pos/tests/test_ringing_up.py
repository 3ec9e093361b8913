"""
What the till holds after an order was sent without any trouble.
"""

from datetime import UTC, datetime, timedelta, timezone

from orders.models import ServiceType, Tax
from orders.testing import make_order, make_restaurant
from pos.tests.tills import TillTestCase


class TestAnOrderRungUp(TillTestCase):
    def test_is_there_once_and_paid_in_full(self):
        order = make_order()

        report = self.send(order)

        ticket = self.till.orders()[0]
        self.assertEqual(report["pos_order_id"], ticket.id)
        self.assertEqual((ticket.reference_id, ticket.total, ticket.paid), (str(order.public_id), 5350, True))
        self.assertEqual((self.till.counts().orders, self.till.counts().payments), (1, 1))

    def test_says_which_order_and_payment_it_became(self):
        report = self.send(make_order())

        tender = self.at_till(report)["tenders"][0]
        self.assertEqual(
            report, {"pos_order_id": tender["transaction_id"], "pos_payment_id": tender["payment_id"]}
        )

    def test_has_its_lines_with_size_quantity_price_and_note(self):
        held = self.rung_up()

        told = [
            (
                line["name"],
                line["variation_name"],
                line["quantity"],
                line["base_price_money"],
                line.get("note"),
            )
            for line in held["line_items"]
        ]
        usd = {"currency": "USD"}
        self.assertEqual(
            told,
            [
                ("Margherita", "S", "1", {"amount": 1200, **usd}, None),
                ("Margherita", "L", "2", {"amount": 2075, **usd}, "no basil"),
            ],
        )

    def test_bears_the_number_that_is_called_out(self):
        self.assertEqual(self.rung_up(number="A-17")["ticket_name"], "A-17")

    def test_keeps_its_discount(self):
        held = self.rung_up(discount_minor=350)

        self.assertEqual(held["total_discount_money"]["amount"], 350)
        self.assertEqual(held["total_money"]["amount"], 5000)

    def test_carries_the_tip_on_the_payment(self):
        held = self.rung_up(tip_minor=500)

        self.assertEqual((held["total_tip_money"]["amount"], held["total_money"]["amount"]), (500, 5850))
        self.assertEqual(self.till.orders()[0].tip, 500)

    def test_works_without_a_fraction_of_the_currency(self):
        restaurant = make_restaurant(
            currency="JPY", pos_location="LTOKYO", tax_ppm=100_000, prices_include_tax=True
        )

        held = self.rung_up(restaurant=restaurant, tip_minor=100)

        self.assertEqual(held["total_money"], {"amount": 5450, "currency": "JPY"})


class TestATax(TillTestCase):
    def test_comes_on_top(self):
        held = self.rung_up(restaurant=make_restaurant(tax_ppm=88_750))

        self.assertEqual((held["taxes"][0]["type"], held["taxes"][0]["percentage"]), ("ADDITIVE", "8.875"))
        self.assertEqual((held["total_tax_money"]["amount"], held["total_money"]["amount"]), (475, 5825))

    def test_is_included(self):
        held = self.rung_up(restaurant=make_restaurant(tax_ppm=100_000, prices_include_tax=True))

        self.assertEqual((held["taxes"][0]["type"], held["taxes"][0]["percentage"]), ("INCLUSIVE", "10"))
        self.assertEqual((held["total_tax_money"]["amount"], held["total_money"]["amount"]), (486, 5350))

    def test_that_ends_in_a_half_fits_what_the_guest_paid(self):
        # 12.00 less 6.00 at 9.75 % is 58.5 cents: 59 on our receipt, 58 at the till.
        order = make_order(
            restaurant=make_restaurant(tax_ppm=97_500), lines=[("S", 1, "")], discount_minor=600
        )

        held = self.at_till(self.send(order))

        self.assertEqual((order.tax_minor, held["total_tax_money"]["amount"]), (59, 58))
        self.assertEqual(held["total_service_charge_money"]["amount"], 1)
        self.assertEqual((order.total_minor, held["total_money"]["amount"]), (659, 659))

    def test_may_have_company(self):
        restaurant = make_restaurant(tax_ppm=97_500)
        Tax.objects.create(restaurant=restaurant, name="City tax", rate_ppm=2_500)
        order = make_order(restaurant=restaurant, lines=[("S", 1, "")], discount_minor=600, tip_minor=5)

        held = self.at_till(self.send(order))

        self.assertEqual([tax["name"] for tax in held["taxes"]], ["Sales tax", "City tax"])
        self.assertEqual(held["total_money"]["amount"], order.total_minor)


class TestTheWayToTheGuest(TillTestCase):
    def test_is_a_pickup_as_soon_as_possible(self):
        held = self.rung_up(service_type=ServiceType.PICKUP, note="ring twice")

        way = held["fulfillments"][0]
        self.assertEqual((way["type"], way["state"]), ("PICKUP", "PROPOSED"))
        self.assertEqual(
            (way["pickup_details"]["schedule_type"], way["pickup_details"]["note"]), ("ASAP", "ring twice")
        )

    def test_is_a_delivery_at_a_certain_time(self):
        wanted = datetime(2026, 6, 1, 20, 30, tzinfo=timezone(timedelta(hours=2)))

        held = self.rung_up(service_type=ServiceType.DELIVERY, wanted_at=wanted)

        details = held["fulfillments"][0]["delivery_details"]
        self.assertEqual(
            (details["schedule_type"], details["deliver_at"]), ("SCHEDULED", "2026-06-01T18:30:00Z")
        )
        self.assertEqual(wanted.astimezone(UTC).hour, 18)

    def test_names_the_guest_by_the_first_name_only(self):
        held = self.rung_up(customer_name="Ada Guest", customer_email="ada@example.com")

        self.assertEqual(held["fulfillments"][0]["pickup_details"]["recipient"], {"display_name": "Ada"})
        self.assertNotIn("ada@", str(held))

    def test_needs_no_name(self):
        held = self.rung_up(customer_name="")

        self.assertEqual(held["fulfillments"][0]["pickup_details"]["recipient"], {"display_name": "Guest"})

    def test_is_none_at_a_table_whose_notes_stand_on_the_first_line(self):
        held = self.rung_up(
            service_type=ServiceType.DINE_IN, table="7", note="no nuts", lines=[("S", 1, "crisp")]
        )

        self.assertNotIn("fulfillments", held)
        self.assertEqual(held["line_items"][0]["note"], "table 7; whole order: no nuts; crisp")
        self.assertEqual(held["state"], "COMPLETED")
