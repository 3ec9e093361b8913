"""
The sale that a set of events tells about, and the ids Stripe would have given it.
"""

import hashlib
import time
from dataclasses import dataclass, field

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 24
SESSION_ID_LENGTH = 58


@dataclass(frozen=True, kw_only=True)
class Sale:
    """
    One order that is paid through Stripe. Amounts are whole minor units; `created` is a Unix time.
    """

    order_reference: str
    amount: int
    currency: str
    payment_intent: str
    charge: str
    session: str
    card_brand: str = "visa"
    card_last4: str = "4242"
    livemode: bool = False
    account: str | None = None
    created: int = field(default_factory=lambda: int(time.time()))

    @classmethod
    def of(
        cls,
        *,
        order_reference: str,
        amount: int,
        currency: str,
        seed: int = 0,
        card_brand: str = "visa",
        card_last4: str = "4242",
        livemode: bool = False,
        account: str | None = None,
        created: int | None = None,
    ) -> "Sale":
        """
        Make a sale whose ids follow from the seed and the order: the same again next time.
        """
        root = f"{seed}/{order_reference}"
        mode = "live" if livemode else "test"
        return cls(
            order_reference=order_reference,
            amount=amount,
            currency=currency.lower(),
            payment_intent=stripe_id("pi_3", root, "payment_intent"),
            charge=stripe_id("ch_3", root, "charge"),
            session=stripe_id(f"cs_{mode}_a1", root, "session", length=SESSION_ID_LENGTH),
            card_brand=card_brand,
            card_last4=card_last4,
            livemode=livemode,
            account=account,
            created=int(time.time()) if created is None else created,
        )

    def id_of(self, prefix: str, *path: object) -> str:
        """
        Make the id of something that belongs to this sale: its card, its second refund, an event.
        """
        return stripe_id(prefix, self.payment_intent, *path)


def stripe_id(prefix: str, *path: object, length: int = ID_LENGTH) -> str:
    """
    Make an id in Stripe's form that always follows from the same path.
    """
    number = int.from_bytes(hashlib.sha512("/".join(map(str, path)).encode()).digest(), "big")
    letters = ""
    while len(letters) < length:
        number, rest = divmod(number, len(LETTERS))
        letters += LETTERS[rest]
    return prefix + letters[: length - len(prefix.rpartition("_")[2])]
