"""
The local Stripe API: a stand-in of what a key may ask Stripe for. Not part of the product.

It lists what `devtools.stripe_sender` sells and sends, so that objects and webhooks tell the same story. On its own:
`python -m devtools.stripe_api --home DIR`. In tests: `with running_stripe_api(home=tmp_path) as stripe:`, then
`stripe.happened(event, delivered=False)`, `stripe.holds(object)`, `stripe.break_down("rate_limited", times=1)`,
`stripe.mend()`, `stripe.requests()`.
"""

from devtools.stripe_api.client import ControlRefusedError as ControlRefusedError
from devtools.stripe_api.client import StripeApiClient as StripeApiClient
from devtools.stripe_api.faults import ImpossibleFaultError as ImpossibleFaultError
from devtools.stripe_api.faults import Mode as Mode
from devtools.stripe_api.running import RunningStripeApi as RunningStripeApi
from devtools.stripe_api.running import running_stripe_api as running_stripe_api
