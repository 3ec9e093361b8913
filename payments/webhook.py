"""
The door that Stripe knocks at.
"""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments import inbox, rejections
from payments.models import RejectedDelivery
from payments.stripe_gateway import NoEvent, NotFromStripe, SignedAtAnotherTime, read_event
from pipeline.crash_points import Point, crash_point

LARGEST_BODY = 256 * 1024
Kind = RejectedDelivery.Kind
KINDS = {SignedAtAnotherTime: Kind.WRONG_TIME, NoEvent: Kind.NO_EVENT}


@csrf_exempt  # Stripe signs its requests instead
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """
    Answer 200 once the event is safe with us (or was before), 400 if it is not Stripe's, 413 if it is too large.
    """
    try:
        body = _body(request)
        event = read_event(
            body=body,
            signature=request.headers.get("Stripe-Signature", ""),
            secrets=settings.STRIPE_WEBHOOK_SECRETS,
        )
        crash_point(Point.WEBHOOK_SIGNED)
        new = inbox.receive(event, body=body)
    except RequestDataTooBig:
        rejections.tally.add(Kind.TOO_LARGE)
        return HttpResponse("The body is too large.", status=413, content_type="text/plain")
    except NotFromStripe as refusal:
        rejections.tally.add(KINDS.get(type(refusal), Kind.BAD_SIGNATURE))
        return HttpResponse(str(refusal), status=400, content_type="text/plain")
    crash_point(Point.WEBHOOK_COMMITTED)
    return HttpResponse("Kept." if new else "Kept before.", content_type="text/plain")


def _body(request: HttpRequest) -> bytes:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        raise RequestDataTooBig
    return request.body
