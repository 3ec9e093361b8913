"""
What a mail server's answers mean, told without anybody's address.
"""

import smtplib
import ssl

from notifications.failures import (
    MailRefused,
    MailRefusedForNow,
    MailServerLetsNobodyIn,
    MailServerUnreachable,
    MailServerWentAway,
    MailSettingsWrong,
)
from pipeline.failures import PermanentFailure, TemporaryFailure
from pipeline.journal import without_secrets

Reply = tuple[int, bytes]

CLOSING = 421
# Permanent by their number, but the fault is in our login and not in the letter: once repaired, the letter goes out.
NOT_THE_LETTERS_FAULT = {
    530: "the server wants a login or TLS first",
    534: "the login needs another mechanism",
    535: "the login is wrong",
    538: "the login needs TLS",
}
# Each try is a login at the server: many of them in a row could lock the account.
MENDED_BY_A_PERSON_SECONDS = 60
# What breaks off the opening of a line and no wait will mend; the first row that fits decides.
OURS_TO_MEND = (
    (smtplib.SMTPAuthenticationError, "Correct EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."),
    (
        ssl.SSLCertVerificationError,
        "Correct EMAIL_HOST, or name the file of your own authority in SSL_CERT_FILE.",
    ),
    (
        smtplib.SMTPNotSupportedError,
        "Nothing is sent in the clear. Look at EMAIL_PORT, EMAIL_USE_TLS, EMAIL_USE_SSL and EMAIL_HOST_USER.",
    ),
)


def not_let_in(trouble: OSError) -> MailServerLetsNobodyIn | MailServerUnreachable:
    """
    The failure that a line which could not be opened stands for.
    """
    for kind, remedy in OURS_TO_MEND:
        if isinstance(trouble, kind):
            because = f"{told(trouble).rstrip('.')}. {remedy}"
            return MailServerLetsNobodyIn(because, seconds=MENDED_BY_A_PERSON_SECONDS)
    return MailServerUnreachable(told(trouble))


def refusal(reply: Reply) -> MailSettingsWrong | TemporaryFailure | PermanentFailure:
    """
    The failure that an answer other than yes stands for.
    """
    code, family = reply[0], reply[0] // 100
    if code == CLOSING:
        return MailServerWentAway(f"The mail server closed the line: {shown(reply)}")
    if code in NOT_THE_LETTERS_FAULT:
        because = f"{shown(reply)} ({NOT_THE_LETTERS_FAULT[code]}: look at EMAIL_*)"
        return MailSettingsWrong(because, seconds=MENDED_BY_A_PERSON_SECONDS)
    if family == 4:  # noqa: PLR2004 - SMTP's own: 4xx is "not now"
        return MailRefusedForNow(shown(reply))
    if family == 5:  # noqa: PLR2004 - SMTP's own: 5xx is "never"
        return MailRefused(shown(reply))
    return MailServerWentAway(f"The mail server answered out of turn: {shown(reply)}")


def shown(reply: Reply) -> str:
    """
    The answer for people. Servers like to repeat the address they refuse, so addresses are masked.
    """
    return without_secrets(f"{reply[0]} {' '.join(reply[1].decode(errors='replace').split())}", longest=200)


def told(trouble: Exception) -> str:
    """
    What went wrong on the line, for people.
    """
    if isinstance(trouble, smtplib.SMTPResponseException) and isinstance(trouble.smtp_error, bytes):
        return f"{type(trouble).__name__}: {shown((trouble.smtp_code, trouble.smtp_error))}"
    return without_secrets(f"{type(trouble).__name__}: {trouble}", longest=200)
