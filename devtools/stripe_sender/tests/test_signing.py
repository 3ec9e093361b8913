import time

import pytest
import stripe

from devtools.stripe_sender import sign
from devtools.stripe_sender.events import payment_intent_succeeded
from devtools.stripe_sender.sender import body_of
from devtools.stripe_sender.signing import sign_with_all

SECRET = "whsec_right"


@pytest.fixture
def body(sale):
    return body_of(payment_intent_succeeded(sale))


class TestSignature:
    def test_is_accepted_by_stripes_own_library(self, body, sale):
        event = stripe.Webhook.construct_event(body, sign(body, secret=SECRET), SECRET)

        assert event.type == "payment_intent.succeeded"
        assert event.data.object.id == sale.payment_intent

    def test_is_what_stripes_own_library_would_write(self, body):
        ours = sign(body, secret=SECRET, at=1_790_000_000)

        theirs = stripe.WebhookSignature.generate_signature_header(
            body.decode(), SECRET, timestamp=1_790_000_000
        )
        assert ours == theirs

    @pytest.mark.parametrize("known", ["whsec_old", "whsec_new"])
    def test_is_accepted_by_either_secret_while_one_is_rolled(self, body, known):
        header = sign_with_all(body, secrets=["whsec_old", "whsec_new"])

        event = stripe.Webhook.construct_event(body, header, known)

        assert event.object == "event"

    def test_is_accepted_among_wrong_ones(self, body):
        header = sign(body, secret=SECRET, extra_signatures=["0" * 64, "not even hex"])

        event = stripe.Webhook.construct_event(body, header, SECRET)

        assert header.count("v1=") == 3
        assert event.object == "event"

    def test_is_rejected_with_a_wrong_secret(self, body):
        with pytest.raises(stripe.SignatureVerificationError, match="No signatures found matching"):
            stripe.Webhook.construct_event(body, sign(body, secret="whsec_wrong"), SECRET)

    def test_is_rejected_when_one_byte_changed(self, body):
        header = sign(body, secret=SECRET)

        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body.replace(b"1995", b"1994"), header, SECRET)

    def test_is_rejected_when_it_is_old(self, body):
        header = sign(body, secret=SECRET, at=int(time.time()) - 302)

        with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
            stripe.Webhook.construct_event(body, header, SECRET)
