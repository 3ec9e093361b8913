"""
Events about money on its way back. `number` tells a sale's refunds apart: 1 is the first.
"""

from devtools.stripe_sender.api_version import CURRENT
from devtools.stripe_sender.envelope import Event, event
from devtools.stripe_sender.objects.charge import charge
from devtools.stripe_sender.objects.refund import refund
from devtools.stripe_sender.sale import Sale


class RefundTooLarge(ValueError):
    """
    More cannot go back than was paid.
    """


def charge_refunded(
    sale: Sale,
    *,
    amount: int | None = None,
    refunded_before: int = 0,
    number: int = 1,
    api_version: str = CURRENT,
    created: int | None = None,
    event_id: str | None = None,
) -> Event:
    """
    Money went back: `amount` by this refund (all that is left unless given), `amount_refunded` is the sum so far.
    """
    back = sale.amount - refunded_before if amount is None else amount
    if not 0 < back <= sale.amount - refunded_before:
        raise RefundTooLarge(
            f"{back} cannot go back: {sale.amount} was paid, {refunded_before} is already returned."
        )
    at = sale.created if created is None else created
    one = refund(sale, number=number, amount=back, status="succeeded", created=at, api_version=api_version)
    about = charge(
        sale,
        created=sale.created,
        api_version=api_version,
        amount_refunded=refunded_before + back,
        refunds=[one],
    )
    return event(
        sale,
        type="charge.refunded",
        about=about,
        before={"amount_refunded": refunded_before, **({"refunded": False} if about["refunded"] else {})},
        created=created,
        api_version=api_version,
        event_id=event_id,
        occasion=str(number),
    )


def refund_created(
    sale: Sale,
    *,
    amount: int | None = None,
    number: int = 1,
    status: str = "succeeded",
    reason: str | None = None,
    api_version: str = CURRENT,
    created: int | None = None,
    event_id: str | None = None,
) -> Event:
    """
    A refund was begun; with a card it usually succeeds at once. (Told for every refund since 2024-10-28.acacia.)
    """
    return about_refund(
        sale,
        "created",
        amount=amount,
        number=number,
        status=status,
        reason=reason,
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def refund_updated(
    sale: Sale,
    *,
    amount: int | None = None,
    number: int = 1,
    status: str = "succeeded",
    reason: str | None = None,
    status_before: str = "pending",
    api_version: str = CURRENT,
    created: int | None = None,
    event_id: str | None = None,
) -> Event:
    """
    A refund went on: its status, or only its reference at the bank.
    """
    return about_refund(
        sale,
        "updated",
        amount=amount,
        number=number,
        status=status,
        reason=reason,
        before={"status": status_before},
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def refund_failed(
    sale: Sale,
    *,
    amount: int | None = None,
    number: int = 1,
    reason: str | None = None,
    api_version: str = CURRENT,
    created: int | None = None,
    event_id: str | None = None,
) -> Event:
    """
    The guest's bank sent the refund back to us.
    """
    return about_refund(
        sale,
        "failed",
        amount=amount,
        number=number,
        status="failed",
        reason=reason,
        api_version=api_version,
        created=created,
        event_id=event_id,
    )


def about_refund(
    sale: Sale,
    happened: str,
    *,
    amount: int | None,
    number: int,
    status: str,
    reason: str | None,
    before: dict[str, object] | None = None,
    api_version: str,
    created: int | None,
    event_id: str | None,
) -> Event:
    one = refund(
        sale,
        number=number,
        amount=sale.amount if amount is None else amount,
        status=status,
        reason=reason,
        created=sale.created if created is None else created,
        api_version=api_version,
    )
    return event(
        sale,
        type=f"refund.{happened}",
        about=one,
        before=before,
        created=created,
        api_version=api_version,
        event_id=event_id,
        occasion=f"{number} {status}",
    )
