"""
The system under test: ours, as it is, told of the house by its environment only.
"""

from collections.abc import Sequence

from devtools.show import opening, pizza_place
from devtools.show.crew import LANES
from orders.models import Customer, Order, Restaurant
from tests.chaos.guests import Guest
from tests.chaos.house import SECRET, House
from tests.chaos.sinks import CLOSED_LOCATION, REFUSED_DOMAIN

REFUSED_EVERY = 40  # one order in so many is refused for good, by the till and by the mail server in turn
SPARE = "spare"
EVERYTHING = "post_payment,emails,pos_sync,analytics,loyalty,inventory,default"


class Product:
    """
    Web, workers in lanes, a spare worker that serves every lane, and beat.
    """

    name = "product"
    webhook = "/payments/webhooks/stripe/"
    # The spare is the second of everything: who takes over from a worker that hangs, and the second dispatcher.
    workers = (*LANES, SPARE, "beat")

    def __init__(self) -> None:
        self.guests: list[Guest] = []

    def told(self, house: House) -> dict[str, str]:
        mail = house.roads["mail"].port
        return {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "RMS_ISOLATED": "1",
            "ISOLATED_EMBEDDED_HOME": str(house.home),
            "ISOLATED_DATABASE_URL": house.database_url,
            "ISOLATED_CELERY_BROKER_URL": house.broker_url,
            "ISOLATED_EMAIL_HOST": "127.0.0.1",
            "ISOLATED_EMAIL_PORT": str(mail),
            "ISOLATED_EMAIL_USE_TLS": "0",
            "ISOLATED_SQUARE_BASE_URL": f"http://127.0.0.1:{house.roads['till'].port}",
            "ISOLATED_SQUARE_ACCESS_TOKEN": house.token,
            "ISOLATED_POS_ORDERS_PER_SECOND": "0",
            "ISOLATED_STRIPE_WEBHOOK_SECRETS": SECRET,
            "ISOLATED_RETRY_TIME_SCALE": str(house.terms.retry_time_scale),
            "ISOLATED_CELERY_TASK_ACKS_LATE": "1" if house.terms.acks_late else "0",
            "ISOLATED_VISIBILITY_TIMEOUT": str(house.terms.visibility_timeout),
        }

    def command(self, program: str, house: House) -> Sequence[str]:
        if program == "web":
            return (
                "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(house.port),
                "--workers", "2", "--blocking-threads", "2", "--no-ws", "rms_backend.wsgi:application",
            )  # fmt: skip
        if program == "beat":
            return ("celery", "-A", "rms_backend", "beat")
        queues, concurrency = LANES.get(program, (EVERYTHING, 2))
        return (
            "celery", "-A", "rms_backend", "worker", "--loglevel=info", f"--hostname={program}@%h",
            f"--queues={queues}", f"--concurrency={concurrency}",
        )  # fmt: skip

    def prepare(self, house: House) -> None:
        """
        Open the restaurant and place all orders of the run, by the straight way to the database.
        """
        year = pizza_place.orders()
        past = pizza_place.an_evening(house.terms.orders)
        restaurant, offer = opening.open_restaurant(year)
        orders = opening.place(restaurant, offer, past)
        self.guests = _with_refusals(orders, restaurant)


def refusal_of(number: int) -> str:
    """
    Who refuses the n-th order of a run for good.
    """
    return {REFUSED_EVERY // 4: "till", REFUSED_EVERY // 2 + 1: "mailbox"}.get(number % REFUSED_EVERY, "")


def _with_refusals(orders: Sequence[Order], restaurant: Restaurant) -> list[Guest]:
    # Another branch of the same restaurant, whose location the till does not know.
    closed = Restaurant.objects.get(pk=restaurant.pk)
    closed.pk, closed.pos_location = None, CLOSED_LOCATION
    closed._state.adding = True
    closed.save()
    closed.staff_recipients.create(email="kitchen@pizza-place.example")
    return [_guest(n, order, closed) for n, order in enumerate(orders)]


def _guest(number: int, order: Order, closed: Restaurant) -> Guest:
    refused_by = refusal_of(number)
    if refused_by == "till":
        Order.objects.filter(pk=order.pk).update(restaurant=closed)
    if refused_by == "mailbox":
        nobody = Customer.objects.create(
            name=f"Gone {number}", email=f"guest{number}@{REFUSED_DOMAIN}", is_guest=True
        )
        Order.objects.filter(pk=order.pk).update(customer=nobody)
    return Guest(
        reference=str(order.public_id),
        amount=order.total_minor,
        currency=order.currency,
        refused_by=refused_by,
    )
