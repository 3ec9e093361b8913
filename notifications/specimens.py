"""
A specimen of each letter: made-up facts through the real templates, to see that they are there and can be filled in.
"""

from dataclasses import dataclass

from django.template.loader import render_to_string

from notifications.contact import Contact
from notifications.receipt_facts import Item, Receipt, Row
from notifications.refund_facts import RefundNote
from notifications.ticket_facts import Dish, Ticket

NUMBER = "SPECIMEN-1"
DISH = "Pizza Margherita"
REFUNDED = "$2.50"

RECEIPT = Receipt(
    restaurant="Specimen",
    legal_name="Specimen Ltd",
    address=("1 Example Street",),
    tax_id="00 000",
    contact=Contact.of("orders@example.com"),
    guest="Ada",
    number=NUMBER,
    service="Pick-up",
    wanted="as soon as possible",
    placed="Sun 2 Nov 2025, 19:00 UTC",
    paid="Sun 2 Nov 2025, 19:01 UTC",
    note="no plates",
    items=(Item(title=f"1 × {DISH}", each="$9.00", total="$9.00", note="well done"),),  # noqa: RUF001 - as in a receipt
    before_total=(Row(label="Subtotal", amount="$9.00"),),
    total=Row(label="Total", amount="$9.00"),
    included_taxes=(Row(label="Includes VAT (10%)", amount="$0.82"),),
    paid_amount=Row(label="Paid in USD", amount="$9.00"),
    paid_with="paid by card",
)
TICKET = Ticket(
    restaurant="Specimen",
    number=NUMBER,
    service="Pick-up",
    for_when="for 19:30",
    on_day="Sun 2 Nov 2025, UTC",
    guest="Ada",
    note="no plates",
    dishes=(Dish(quantity=1, name=DISH, size="large", note="well done"),),
)
NOTE = RefundNote(
    restaurant="Specimen",
    legal_name="Specimen Ltd",
    address=("1 Example Street",),
    tax_id="00 000",
    contact=Contact.of("orders@example.com"),
    guest="Ada",
    number=NUMBER,
    amount=REFUNDED,
    whole=False,
    to="your Visa •••• 4242",
    begun="Sun 2 Nov 2025, 20:00 UTC",
    failed="Wed 5 Nov 2025, 09:00 UTC",
    paid=Row(label="You paid", amount="$9.00"),
    back=Row(label="This refund", amount=REFUNDED),
    after=(Row(label="Remains paid", amount="$6.50"),),
)
CANCELLED: dict[str, object] = {"ticket": TICKET, "placed": RECEIPT.placed, "refunded": NOTE.begun}
# Every template that a letter is made of, what fills it in, and what it has to show.
TEMPLATES: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "notifications/receipt.txt": ({"receipt": RECEIPT}, (NUMBER, DISH)),
    "notifications/receipt.html": ({"receipt": RECEIPT}, (NUMBER, DISH)),
    "notifications/staff.txt": ({"ticket": TICKET, "repeat": True}, (NUMBER, DISH)),
    "notifications/staff.html": ({"ticket": TICKET, "repeat": True}, (NUMBER, DISH)),
    "notifications/refund.txt": ({"note": NOTE}, (NUMBER, REFUNDED)),
    "notifications/refund.html": ({"note": NOTE}, (NUMBER, REFUNDED)),
    "notifications/refund_failed.txt": ({"note": NOTE}, (NUMBER, REFUNDED)),
    "notifications/refund_failed.html": ({"note": NOTE}, (NUMBER, REFUNDED)),
    "notifications/cancellation.txt": (CANCELLED, (NUMBER, DISH)),
    "notifications/cancellation.html": (CANCELLED, (NUMBER, DISH)),
}


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """
    A filled-in template, or why it cannot be filled in.
    """

    template: str
    text: str = ""
    trouble: str = ""


def specimens() -> list[Specimen]:
    """
    One of each template.
    """
    return [_specimen(template, facts, shows) for template, (facts, shows) in TEMPLATES.items()]


def _specimen(template: str, facts: dict[str, object], shows: tuple[str, ...]) -> Specimen:
    try:
        text = render_to_string(template, facts)
    except Exception as trouble:  # noqa: BLE001 - a template may do anything, and whatever it does is the answer
        return Specimen(template=template, trouble=f"{type(trouble).__name__}: {trouble}")
    lacking = [fact for fact in shows if fact not in text]
    return Specimen(
        template=template, text=text, trouble=f"It does not show {' and '.join(lacking)}." if lacking else ""
    )
