"""
Stripe's side of the webhook for development and tests: real event shapes, right signatures, stubborn deliveries.
"""

from devtools.stripe_sender.delivery_plan import DeliveryPlan as DeliveryPlan
from devtools.stripe_sender.delivery_plan import make_plan as make_plan
from devtools.stripe_sender.sale import Sale as Sale
from devtools.stripe_sender.sender import Delivery as Delivery
from devtools.stripe_sender.sender import Sender as Sender
from devtools.stripe_sender.signing import sign as sign
