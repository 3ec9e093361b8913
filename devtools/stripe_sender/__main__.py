"""
`python -m devtools.stripe_sender --url … --secret … --order …`: send one event, once or many times.
"""

import argparse
import sys
from collections.abc import Sequence

from devtools.stripe_sender.api_version import API_VERSIONS, CURRENT
from devtools.stripe_sender.delivery import Delivery
from devtools.stripe_sender.delivery_plan import DeliveryPlan, PlannedDelivery
from devtools.stripe_sender.events import MENU
from devtools.stripe_sender.sale import Sale
from devtools.stripe_sender.sender import Sender


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Send, print one line per delivery, and end with 1 if one was never accepted.
    """
    wish = read_wish(arguments)
    with Sender(wish.url, secrets=wish.secret, timeout=wish.timeout, connections=wish.times) as sender:
        summary = sender.deliver(
            plan_of(wish), concurrency=1, on_delivery=print_line, until_accepted=wish.until_accepted
        )
    return 1 if summary.failed else 0


def plan_of(wish: argparse.Namespace) -> DeliveryPlan:
    """
    Plan the wished event: its copies one after the other, or all at once.
    """
    sale = Sale.of(
        order_reference=wish.order,
        amount=wish.amount,
        currency=wish.currency,
        seed=wish.seed,
        livemode=wish.livemode,
        account=wish.account,
    )
    event = MENU[wish.event](sale, api_version=wish.api_version)
    if wish.at_once:
        return DeliveryPlan(deliveries=(PlannedDelivery(event=event, copies=wish.times),))
    return DeliveryPlan(deliveries=(PlannedDelivery(event=event),) * wish.times)


def print_line(delivery: Delivery) -> None:
    """
    Tell how one delivery ended.
    """
    ended = delivery.error if delivery.status is None else delivery.status
    print(f"{delivery.type} {delivery.event_id} {ended} {delivery.seconds:.3f} s", flush=True)


def read_wish(arguments: Sequence[str] | None) -> argparse.Namespace:
    """
    Read the command line.
    """
    parser = argparse.ArgumentParser(prog="python -m devtools.stripe_sender", description=__doc__)
    parser.add_argument("--url", required=True, help="the webhook's address")
    parser.add_argument(
        "--secret", required=True, action="append", help="whsec_…; twice while one is being rolled"
    )
    parser.add_argument("--order", required=True, help="goes to metadata.order_id and client_reference_id")
    parser.add_argument("--amount", required=True, type=int, help="whole minor units: 1995 is 19.95 USD")
    parser.add_argument("--currency", default="usd")
    parser.add_argument("--event", default="payment_intent.succeeded", choices=MENU, metavar="TYPE")
    parser.add_argument("--times", default=1, type=at_least_one)
    parser.add_argument("--at-once", action="store_true", help="all copies at the same instant")
    parser.add_argument("--api-version", default=CURRENT, choices=API_VERSIONS)
    parser.add_argument("--seed", default=0, type=int, help="another seed makes other ids")
    parser.add_argument("--livemode", action="store_true")
    parser.add_argument("--account", help="acct_… of a connected account")
    parser.add_argument("--timeout", default=10.0, type=float, help="seconds for one answer")
    parser.add_argument(
        "--until-accepted", default=0.0, type=float, help="repeat refused ones for so many seconds"
    )
    return parser.parse_args(arguments)


def at_least_one(text: str) -> int:
    """
    Read a number of times.
    """
    times = int(text)
    if times < 1:
        raise argparse.ArgumentTypeError(f"{times} times is not a delivery. Write 1 or more.")
    return times


if __name__ == "__main__":
    sys.exit(main())
