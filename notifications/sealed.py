"""
Letters that are ready to go: rendered and folded, so that the mail server waits for nothing while it is spoken to.
"""

from dataclasses import dataclass, field

from django.core.mail import EmailMessage

from notifications import client
from pipeline.steps import Attempt, Report


@dataclass(frozen=True, kw_only=True)
class SealedLetter:
    """
    One letter, what is told about it once it is sent, and how many of its addresses were none.
    """

    letter: client.Sealed = field(repr=False)
    report: Report
    unusable: int = 0

    @classmethod
    def of(cls, message: EmailMessage, *, report: Report, unusable: int = 0) -> "SealedLetter":
        return cls(letter=client.seal(message), report={"sent": True, **report}, unusable=unusable)

    def send(self, attempt: Attempt | None = None) -> Report:  # noqa: ARG002 - a Parcel is given its attempt
        """
        Hand it to the mail server.
        """
        refused = client.hand_over(self.letter) + self.unusable
        return {**self.report, "refused": refused} if refused else self.report
