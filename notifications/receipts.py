"""
The receipt: an e-mail to the guest about what was ordered and paid.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Prefetch
from django.template.loader import render_to_string

from notifications.cards import charges, payment_of
from notifications.contact import is_address, masked
from notifications.failures import NotAnAddress
from notifications.holding import stop_if_on_hold
from notifications.letterhead import Letterhead
from notifications.loading import LINES, load
from notifications.nobody import ToNobody
from notifications.receipt_facts import Receipt
from notifications.sealed import SealedLetter
from orders.models import Charge, Order, OrderTax, Payment
from pipeline.steps import Attempt, Parcel, Report

ORDERS = Order.objects.select_related("restaurant", "customer", "payment").prefetch_related(
    LINES, Prefetch("taxes", queryset=OrderTax.objects.order_by("id"))
)


@dataclass(frozen=True, kw_only=True)
class ReceiptLetter:
    """
    One receipt, ready to go to the guest.
    """

    receipt: Receipt = field(repr=False)
    letterhead: Letterhead
    address: str = field(repr=False)

    def send(self, attempt: Attempt) -> Report:
        """
        Send it, unless it may have been sent already and a person shall decide.
        """
        return self.wrapped(attempt).send(attempt)

    def wrapped(self, attempt: Attempt) -> SealedLetter:
        """
        Render it, unless it may have been sent already and a person shall decide.
        """
        stop_if_on_hold(attempt, reference=self.letterhead.reference)
        return self.sealed()

    def sealed(self) -> SealedLetter:
        """
        Render it, ready for the mail server.
        """
        if not is_address(self.address):
            raise NotAnAddress("The guest's e-mail address is no address. Correct it, then revive this step.")
        context = {"receipt": self.receipt}
        message = self.letterhead.letter(
            to=[self.address],
            subject=f"Your receipt from {self.receipt.restaurant}: order {self.receipt.number}",
            text=render_to_string("notifications/receipt.txt", context),
            html=render_to_string("notifications/receipt.html", context),
        )
        return SealedLetter.of(message, report={"message_id": self.letterhead.message_id})


def letters(*, order_ids: Sequence[int]) -> dict[int, Parcel]:
    """
    A parcel for each order: its receipt, or word that there is nobody to send it to.
    """
    packed = _receipts(order_ids)
    nobody = ToNobody(because="the guest left no address")
    return {order_id: letter if letter.address else nobody for order_id, letter in packed.items()}


def send_copy(order_id: int, address: str) -> Report:
    """
    Send one more copy by hand, to this address, whatever was sent before.
    """
    to = address.strip()
    if not is_address(to):
        raise NotAnAddress("This is no e-mail address. Write one like guest@example.com.")
    receipt = _receipts([order_id])[order_id]
    # A Message-ID of its own: the mail server must not take it for the receipt that was sent already.
    reference = f"{receipt.letterhead.reference}.copy-{secrets.token_hex(8)}"
    copy = replace(receipt, address=to, letterhead=replace(receipt.letterhead, reference=reference))
    return {**copy.sealed().send(), "to": masked(to)}


def _receipts(order_ids: Sequence[int]) -> dict[int, ReceiptLetter]:
    orders = load(ORDERS.all(), order_ids=order_ids)
    payments = {order_id: payment_of(order) for order_id, order in orders.items()}
    known = charges([payment for payment in payments.values() if payment])
    return {order_id: _receipt(order, payments[order_id], known) for order_id, order in orders.items()}


def _receipt(order: Order, payment: Payment | None, known: dict[str, Charge]) -> ReceiptLetter:
    charge = known.get(payment.payment_intent) if payment else None
    receipt = Receipt.of(order, payment=payment, charge=charge)
    return ReceiptLetter(
        receipt=receipt,
        letterhead=Letterhead.of(order, kind="confirmation", reply_to=receipt.contact.email),
        address=order.customer.email.strip() if order.customer else "",
    )
