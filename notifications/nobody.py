"""
A parcel that has no one to go to.
"""

from dataclasses import dataclass

from pipeline.steps import Attempt, Report


@dataclass(frozen=True, kw_only=True)
class ToNobody:
    """
    Sends nothing, and says why.
    """

    because: str

    def send(self, attempt: Attempt) -> Report:  # noqa: ARG002 - a Parcel is given its attempt
        """
        Report that there was nothing to do.
        """
        return {"sent": False, "because": self.because}
