"""
Everything that Stripe may tell about one order, and what must have become of the order when all of it is told.

The expectation is worked out from the set of events alone, written down anew and without a look at the product's code.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from devtools.stripe_sender import Sale, events
from devtools.stripe_sender.api_version import API_VERSIONS, CURRENT, WITH_CHARGES
from devtools.stripe_sender.envelope import Event
from orders.models import Order
from payments.testing import sale_of

PARTS = {1: 1_000, 2: 1_500}  # what two partial refunds send back; a third one sends back the rest
RANK = ("pending", "succeeded", "failed")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    Where the order stands with its money. `refunds`: the furthest status of each by its number.
    """

    status: str
    refunded: int
    payments: int
    refunds: dict[int, str]


@dataclass(frozen=True, kw_only=True)
class Told:
    """
    One event with what it means: money that pays (`pays`), does not fit (`misfits`), or goes back (`refund`).
    """

    name: str
    event: Event
    pays: str = ""
    misfits: bool = False
    is_a_part: bool = False
    refund: int = 0
    status: str = ""
    amount: int = 0


def story_of(order: Order) -> list[Told]:
    """
    All that can be told of this order, in the order in which it would happen.
    """
    sale = sale_of(order)
    return [
        *_before_the_money(sale),
        *_the_money(sale),
        *_strange_money(order),
        *_the_way_back(sale, total=order.total_minor),
        *_quarrels(sale),
    ]


def expected(told: Iterable[Told], *, total: int, booked: str) -> Outcome:
    """
    What the set of events leads to, if the money that was booked came by the intent `booked` ('' for none).
    """
    told = list(told)
    paying = {one.pays for one in told if one.pays}
    if not paying:
        return Outcome(status=_aside(told), refunded=0, payments=0, refunds={})
    assert booked in paying, f"booked by {booked}, told of {paying}"
    back = [one for one in told if one.refund and one.event["data"]["object"]["payment_intent"] == booked]
    furthest: dict[int, str] = {}
    for one in back:
        furthest[one.refund] = max(furthest.get(one.refund, "pending"), one.status, key=RANK.index)
    amounts = {one.refund: one.amount for one in back}
    gone = min(total, sum(amounts[number] for number, status in furthest.items() if status != "failed"))
    status = "paid" if not gone else "refunded" if gone == total else "partly_refunded"
    return Outcome(status=status, refunded=gone, payments=1, refunds=furthest)


def _aside(told: list[Told]) -> str:
    """
    Where an order stands whose money has not come: the more a person has to look at, the further.
    """
    if any(one.misfits for one in told):
        return "in_review"
    return "partly_paid" if any(one.is_a_part for one in told) else "pending_payment"


def _before_the_money(sale: Sale) -> list[Told]:
    return [
        Told(name="intent created", event=events.payment_intent_created(sale)),
        Told(name="card declined", event=events.payment_intent_payment_failed(sale)),
        Told(name="processing", event=events.payment_intent_processing(sale)),
        Told(name="reserved", event=events.payment_intent_amount_capturable_updated(sale)),
        Told(
            name="session unpaid",
            event=events.checkout_session_completed(
                sale, payment_status="unpaid", event_id=f"evt_unpaid_{sale.session}"
            ),
        ),
        Told(name="session expired", event=events.checkout_session_expired(sale)),
        Told(name="async failed", event=events.checkout_session_async_payment_failed(sale)),
    ]


def _the_money(sale: Sale) -> list[Told]:
    intent = sale.payment_intent
    return [
        Told(name="charged", event=events.charge_succeeded(sale)),
        *(
            Told(
                name=f"succeeded ({version})",
                event=events.payment_intent_succeeded(
                    sale, api_version=version, event_id=f"evt_{version}_{intent}"
                ),
                pays=intent,
            )
            for version in API_VERSIONS
        ),
        Told(name="session paid", event=events.checkout_session_completed(sale), pays=intent),
        Told(name="async paid", event=events.checkout_session_async_payment_succeeded(sale), pays=intent),
    ]


def _strange_money(order: Order) -> list[Told]:
    second = sale_of(order, seed=2)
    strange = {
        "too little": sale_of(order, seed=3, amount=order.total_minor - 1),
        "too much": sale_of(order, seed=4, amount=order.total_minor + 1),
        "other currency": sale_of(order, seed=5, currency="EUR"),
        "live money": sale_of(order, seed=6, livemode=True),
    }
    return [
        Told(name="paid twice", event=events.payment_intent_succeeded(second), pays=second.payment_intent),
        *(
            Told(name=name, event=events.payment_intent_succeeded(sale), misfits=True)
            for name, sale in strange.items()
        ),
        Told(
            name="captured in part",
            event=events.payment_intent_succeeded(
                sale_of(order, seed=7), amount_received=order.total_minor - 5
            ),
            is_a_part=True,
        ),
    ]


def _the_way_back(sale: Sale, *, total: int) -> list[Told]:
    told: list[Told] = []
    amounts = {**PARTS, 3: total - sum(PARTS.values())}
    for number, amount in amounts.items():
        same = {"refund": number, "amount": amount}
        how = {"number": number, "amount": amount, "created": sale.created + number}
        told += [
            Told(
                name=f"refund {number} begun",
                event=events.refund_created(sale, status="pending", **how),
                status="pending",
                **same,
            ),
            Told(
                name=f"refund {number} arrived",
                event=events.refund_updated(sale, **how),
                status="succeeded",
                **same,
            ),
            Told(
                name=f"refund {number} failed",
                event=events.refund_failed(sale, **how),
                status="failed",
                **same,
            ),
        ]
    so_far = events.charge_refunded(sale, amount=PARTS[1], api_version=CURRENT)
    listed = events.charge_refunded(
        sale, amount=PARTS[1], api_version=WITH_CHARGES, event_id=f"evt_listed_{sale.charge}"
    )
    return [
        *told,
        Told(name="refunded so far", event=so_far),
        Told(name="refund 1 listed", event=listed, refund=1, status="succeeded", amount=PARTS[1]),
    ]


def _quarrels(sale: Sale) -> list[Told]:
    return [
        Told(name="disputed", event=events.charge_dispute_created(sale)),
        Told(name="dispute lost", event=events.charge_dispute_closed(sale)),
    ]
