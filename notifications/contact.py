"""
Where a guest can ask: an e-mail address, a telephone number, or words.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from notifications.wording import one_line

TELEPHONE = re.compile(r"\+?[\d ()./-]{5,30}")


@dataclass(frozen=True, kw_only=True)
class Contact:
    """
    The text that is shown, and the mailto: or tel: link behind it ('' if it is neither).
    """

    text: str
    link: str = ""
    email: str = ""

    @classmethod
    def of(cls, written: str) -> "Contact":
        """
        Make out what the restaurant wrote.
        """
        text = one_line(written)
        if is_address(text):
            return cls(text=text, link=f"mailto:{quote(text, safe='@')}", email=text)
        if TELEPHONE.fullmatch(text):
            plus = "+" if text.startswith("+") else ""
            return cls(text=text, link=f"tel:{plus}{re.sub('[^0-9]', '', text)}")
        return cls(text=text)


def is_address(text: str) -> bool:
    """
    Is this an e-mail address that a letter can be sent to?
    """
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def masked(address: str) -> str:
    """
    'test@example.com' → 't***@e***.com'.
    """
    local, _, domain = address.rpartition("@")
    name, _, ending = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1]}***.{ending}"
