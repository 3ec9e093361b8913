"""
What to do about a letter that may have been sent already, without our knowing.
"""

from django.conf import settings

from notifications.failures import LetterOnHold
from pipeline.steps import Attempt

BEGINNING = len("order-") + 8


def stop_if_on_hold(attempt: Attempt, *, reference: str) -> None:
    """
    Refuse to send again what may have arrived, where EMAIL_UNKNOWN_OUTCOME is 'hold'.
    """
    if attempt.outcome_unknown and settings.EMAIL_UNKNOWN_OUTCOME == "hold":
        # Only the beginning of the Message-ID: the whole would be masked like an address or a telephone number.
        begins = reference[:BEGINNING]
        raise LetterOnHold(
            "An earlier attempt may have sent it: the mail server's answer was lost. Look into the mail server's log "
            f"for a Message-ID that begins with {begins}. It was sent: discard this step. It was not: revive it."
        )
