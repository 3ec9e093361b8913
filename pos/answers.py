"""
What the till's answers mean.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from pipeline.failures import NotNow, UnknownOutcome
from pos.answer_table import FAILURES, HARMLESS, NAMED, UNFORESEEN

Document = dict[str, Any]

MOST_ERRORS_TOLD = 3
LONGEST_DETAIL = 200
USUAL_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 600


class AnswerUnreadable(UnknownOutcome):
    """
    The till said yes in words that are not Square's.
    """


class AlreadyAtTill(UnknownOutcome):
    """
    The till says that it has had this request before: a look-up must show it.
    """


@dataclass(frozen=True, kw_only=True)
class Answer:
    """
    What came back over the line. `private` are texts of our request that must not turn up in an error.
    """

    status: int
    content: bytes
    retry_after: str = ""
    private: tuple[str, ...] = ()


def understood(answer: Answer) -> Document:
    """
    The document of a success; raises the failure that anything else is.
    """
    if answer.status in range(200, 300):
        return _document(answer)
    errors = _errors(answer)
    if any(row.fits(status=answer.status, error=error) for row in HARMLESS for error in errors):
        raise AlreadyAtTill(f"The till knows this already, it says. {_told(answer, errors)}")
    for named in NAMED:
        if any(named.fits(status=answer.status, error=error) for error in errors):
            raise named.failure(f"{named.sentence} {_told(answer, errors)}")
    row = next((row for row in FAILURES if answer.status in row.statuses), UNFORESEEN)
    text = f"{row.sentence} {_told(answer, errors)}"
    if issubclass(row.failure, NotNow):  # turned away at the door: that says nothing about the order
        raise row.failure(text, seconds=_seconds_to_wait(answer))
    raise row.failure(text)


def part(document: Document, name: str) -> Document:
    """
    The object of that name with its id, which the answer must hold.
    """
    found = document.get(name)
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise AnswerUnreadable(f"The till's answer holds no {name} with an id.")
    return found


def _document(answer: Answer) -> Document:
    try:
        document = json.loads(answer.content)
    except (ValueError, RecursionError) as trouble:
        raise AnswerUnreadable(f"The till answered {answer.status}, but not in JSON.") from trouble
    if not isinstance(document, dict):
        raise AnswerUnreadable(f"The till answered {answer.status}, but with no JSON object.")
    return document


def _errors(answer: Answer) -> list[Document]:
    try:
        errors = _document(answer).get("errors")
    except AnswerUnreadable:
        return []  # a page of some proxy: the status alone tells
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _told(answer: Answer, errors: list[Document]) -> str:
    words = [
        f"{error.get('category')} {error.get('code')}: {_public(str(error.get('detail', '')), answer.private)}"
        for error in errors[:MOST_ERRORS_TOLD]
    ]
    wait = [f"It asks us to wait {answer.retry_after} seconds."] if answer.retry_after.isdigit() else []
    return " ".join([f"({answer.status}) {'; '.join(words)}".rstrip(), *wait])


def _seconds_to_wait(answer: Answer) -> int:
    asked = int(answer.retry_after) if answer.retry_after.isdigit() else USUAL_WAIT_SECONDS
    return min(max(asked, 1), LONGEST_WAIT_SECONDS)


def _public(detail: str, private: tuple[str, ...]) -> str:
    # Square may quote what it does not like, and that may be a guest's name or note.
    for text in private:
        detail = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", "…", detail, flags=re.IGNORECASE)
    return detail[:LONGEST_DETAIL]
