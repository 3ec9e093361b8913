"""
The SMTP conversation, held step by step.

Django's and smtplib's own `sendmail()` cannot tell *when* a conversation broke, and that decides everything: before the
final dot nothing was accepted and trying again is safe; after it, until the answer, nobody knows.
"""

import math
import smtplib
import time
from collections.abc import Callable

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from notifications.envelope import Envelope
from notifications.failures import (
    MailAnswerLost,
    MailRefused,
    MailRefusedForNow,
    MailServerUnreachable,
    MailServerWentAway,
)
from notifications.smtp_replies import Reply, not_let_in, refusal, shown, told
from pipeline.crash_points import Point, crash_point
from pipeline.failures import TemporaryFailure

# A line that was kept may lead nowhere by now: its first answer must come sooner than others, or we call again.
KNOCK_SECONDS = 5
LEAST_WAIT_SECONDS = 1
YES, GO_ON = 2, 3  # the hundreds of SMTP's answers
AN_ANSWER = (2, 4, 5)


class Line:
    """
    A line to the mail server, kept open between letters by the one thread that uses it.
    """

    def __init__(self, backend: EmailBackend) -> None:
        self._backend = backend
        self._give_up_at = math.inf

    def carry(self, envelope: Envelope) -> int:
        """
        Hand over one letter within EMAIL_TIMEOUT seconds in all; returns how many of its recipients were refused.
        """
        self._give_up_at = time.monotonic() + float(settings.EMAIL_TIMEOUT)
        try:
            self._begin(envelope)
            refused = self._name_recipients(envelope)
            self._ask(lambda smtp: smtp.docmd("DATA"), good=GO_ON)
            self._hand_over(envelope)
        except BaseException:
            self.cut()
            raise
        return refused

    def cut(self) -> None:
        """
        Hang up without a word: a QUIT could hang, and after a fork it would speak for the parent.
        """
        half_open = getattr(self._backend, "_partial_connection", None)  # Django's, where opening broke off
        for connection in (self._backend.connection, half_open):
            if connection is not None:
                connection.close()
        self._backend.connection = None

    # The conversation, in its order

    def _begin(self, envelope: Envelope) -> None:
        if self._backend.connection is not None:
            try:
                return self._name_sender(envelope, patience=min(KNOCK_SECONDS, self._seconds_left / 2))
            except MailServerWentAway:
                # It closed the line while we were silent, or after so many letters. Nothing is lost: call again.
                self.cut()
        self._call()
        return self._name_sender(envelope)

    def _call(self) -> None:
        try:
            self._backend.timeout = max(self._seconds_left, LEAST_WAIT_SECONDS)
            self._backend.open()
            self._smtp.ehlo_or_helo_if_needed()
        except OSError as trouble:  # smtplib's and ssl's errors are OSErrors too
            raise not_let_in(trouble) from None

    def _name_sender(self, envelope: Envelope, *, patience: float = math.inf) -> None:
        options = ["BODY=8BITMIME"] if self._smtp.has_extn("8bitmime") else []
        if self._smtp.has_extn("size"):
            options.append(f"SIZE={len(envelope.body)}")
        self._ask(lambda smtp: smtp.mail(envelope.sender, options), patience=patience)

    def _name_recipients(self, envelope: Envelope) -> int:
        refusals: list[MailRefused | MailRefusedForNow] = []
        for address in envelope.recipients:
            try:
                self._name_recipient(address)
            except (MailRefused, MailRefusedForNow) as refused:
                refusals.append(refused)
        if len(refusals) == len(envelope.recipients):
            raise next((r for r in refusals if isinstance(r, TemporaryFailure)), refusals[0])
        return len(refusals)

    def _name_recipient(self, address: str) -> None:
        self._ask(lambda smtp: smtp.rcpt(address))

    def _hand_over(self, envelope: Envelope) -> None:
        self._set_timeout(self._seconds_left)
        crash_point(Point.LETTER_BEGUN)
        try:
            self._smtp.send(envelope.body)
        except OSError as trouble:
            # The dot that ends the letter is its last byte and has not left: the server cannot have accepted it.
            raise MailServerWentAway(told(trouble)) from None
        self._hear_the_end()

    def _hear_the_end(self) -> None:
        self._set_timeout(max(self._seconds_left, LEAST_WAIT_SECONDS))
        try:
            reply = self._smtp.getreply()
        except OSError as trouble:
            raise MailAnswerLost(told(trouble)) from None
        if reply[0] // 100 not in AN_ANSWER:
            raise MailAnswerLost(f"The mail server answered the letter with {shown(reply)}.")
        if reply[0] // 100 != YES:
            raise refusal(reply)
        crash_point(Point.LETTER_ACCEPTED)

    # One question, one answer

    def _ask(
        self, say: Callable[[smtplib.SMTP], Reply], *, good: int = YES, patience: float = math.inf
    ) -> None:
        self._set_timeout(min(self._seconds_left, patience))
        try:
            reply = say(self._smtp)
        except OSError as trouble:
            raise MailServerWentAway(told(trouble)) from None
        if reply[0] // 100 != good:
            raise refusal(reply)

    @property
    def _smtp(self) -> smtplib.SMTP:
        if self._backend.connection is None:
            raise MailServerUnreachable("The mail backend opened no connection.")
        return self._backend.connection

    @property
    def _seconds_left(self) -> float:
        return self._give_up_at - time.monotonic()

    def _set_timeout(self, seconds: float) -> None:
        # Checked before each word: a letter that is late may already be somebody else's, so it must not be sent any more.
        if seconds <= 0:
            raise MailServerWentAway(
                f"The mail server took longer than EMAIL_TIMEOUT ({settings.EMAIL_TIMEOUT} s)."
            )
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)
