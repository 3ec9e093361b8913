"""
What the API answers when it does not take a request, in Stripe's error words.
"""

from typing import Any

DOC_URL = "https://stripe.com/docs/error-codes/"


class Refused(Exception):
    """
    The request is understood well enough to be refused.
    """

    def __init__(self, message: str, *, status: int = 400, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.document = error_document(message, code=code, param=param)


def error_document(
    message: str, *, code: str = "", param: str = "", type_: str = "invalid_request_error"
) -> dict[str, Any]:
    """
    Write the body of an answer that is an error.
    """
    error = {"message": message, "type": type_}
    if code:
        error |= {"code": code, "doc_url": f"{DOC_URL}{code.replace('_', '-')}"}
    if param:
        error["param"] = param
    return {"error": error}


def no_such(kind: str, id_: str, *, param: str, status: int = 404) -> Refused:
    """
    Refuse to name something that this key cannot see; of a cursor with status 400.
    """
    return Refused(f"No such {kind}: '{id_}'", status=status, code="resource_missing", param=param)


def unauthorized(key: str) -> Refused:
    """
    Refuse a caller without a key, or with another one.
    """
    if not key:
        message = (
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
        return Refused(message, status=401)
    shown = f"{key[:8]}{'*' * max(len(key) - 12, 4)}{key[-4:]}"
    return Refused(f"Invalid API Key provided: {shown}", status=401)
