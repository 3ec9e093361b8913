"""
How a letter fails to arrive, each fact with its consequence.
"""

from pipeline.failures import NotNow, PermanentFailure, TemporaryFailure, UnknownOutcome


class MailServerUnreachable(TemporaryFailure):
    """
    The mail server could not be reached. Nothing was sent.
    """


class MailSettingsWrong(NotNow):
    """
    The mail server and our EMAIL_* do not agree about login or TLS: ours to mend, and then every letter can go out.
    """


class MailServerLetsNobodyIn(MailSettingsWrong):
    """
    The same, found out before there was talk of any letter.
    """


class MailServerWentAway(TemporaryFailure):
    """
    The mail server fell silent or hung up before it had the whole letter. Nothing was sent.
    """


class MailRefusedForNow(TemporaryFailure):
    """
    The mail server does not take the letter at the moment. Nothing was sent.
    """


class MailBackendFailed(TemporaryFailure):
    """
    The mail backend that is configured did not take the letter.
    """


class MailAnswerLost(UnknownOutcome):
    """
    The mail server has the whole letter, and its answer was lost: it may have been sent.
    """


class MailRefused(PermanentFailure):
    """
    The mail server will never take this letter to this address.
    """


class ImpossibleLetter(PermanentFailure):
    """
    A header of the letter would hold a line break: somebody tries to write headers of their own.
    """


class NotAnAddress(PermanentFailure):
    """
    What stands where an e-mail address should be is none.
    """


class LetterOnHold(PermanentFailure):
    """
    An earlier attempt may have sent this letter, and EMAIL_UNKNOWN_OUTCOME says that a person decides.
    """


class OrderMissing(PermanentFailure):
    """
    There is no such order.
    """


class OrderNotPaid(PermanentFailure):
    """
    There is no receipt for an order that is not paid.
    """


class RefundMissing(PermanentFailure):
    """
    There is no such refund.
    """


class RefundNotFailed(PermanentFailure):
    """
    There is no word of a failure for a refund that has not failed.
    """
