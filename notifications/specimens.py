"""
A specimen of each letter: made-up facts through the real templates, to see that they are there and can be filled in.
"""

from dataclasses import dataclass

from django.template.loader import render_to_string

from notifications.contact import Contact
from notifications.receipt_facts import Item, Receipt, Row
from notifications.ticket_facts import Dish, Ticket

NUMBER = "SPECIMEN-1"
DISH = "Pizza Margherita"

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
# Every template that a letter is made of, and what fills it in.
TEMPLATES: dict[str, dict[str, object]] = {
    "notifications/receipt.txt": {"receipt": RECEIPT},
    "notifications/receipt.html": {"receipt": RECEIPT},
    "notifications/staff.txt": {"ticket": TICKET, "repeat": True},
    "notifications/staff.html": {"ticket": TICKET, "repeat": True},
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
    return [_specimen(template, facts) for template, facts in TEMPLATES.items()]


def _specimen(template: str, facts: dict[str, object]) -> Specimen:
    try:
        text = render_to_string(template, facts)
    except Exception as trouble:  # noqa: BLE001 - a template may do anything, and whatever it does is the answer
        return Specimen(template=template, trouble=f"{type(trouble).__name__}: {trouble}")
    lacking = [fact for fact in (NUMBER, DISH) if fact not in text]
    return Specimen(
        template=template, text=text, trouble=f"It does not show {' and '.join(lacking)}." if lacking else ""
    )
