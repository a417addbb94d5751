"""What a ticketing system says of a review: reading it, and what is wrong with it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.review_service_pb2 import ApproveReviewRequest, EditReviewRequest, RejectReviewRequest
from groundwire_server.domain.failure import GroundwireError

_DECISIONS: Final = ("approve", "edit", "reject")
_KNOWN: Final = frozenset({"ticket", "decision", "reviewer", "text", "note", "faults", "wrong_sentences"})
_REMARKS: Final = frozenset({"faults", "wrong_sentences"})
_PREFIX: Final = "ANSWER_FAULT_"


class CallbackError(GroundwireError):
    """A callback that cannot be read; the message says what to send."""


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """A decision that was made in a ticketing system.

    Attributes:
        ticket: names the review.
        decision: approve, edit or reject.
        reviewer: the person who has decided, as the ticketing system names them.
        message: the call of ReviewService that carries it out.
    """

    ticket: str
    decision: str
    reviewer: str
    message: Message

    @property
    def method(self) -> str:
        """The method of ReviewService that carries it out."""
        return f"{self.decision.capitalize()}Review"


def callback_request(body: bytes) -> CallbackRequest:
    """Read the body of a callback.

    Raises:
        CallbackError: when it does not say a decision.
    """
    try:
        value = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise CallbackError("send a JSON object as UTF-8") from None
    if not isinstance(value, dict) or not _KNOWN.issuperset(value):
        raise CallbackError(f"send a JSON object with {', '.join(sorted(_KNOWN))}, and nothing else")
    decision = value.get("decision")
    if decision not in _DECISIONS:
        raise CallbackError(f"decision must be one of {', '.join(_DECISIONS)}")
    if (decision == "edit") != ("text" in value):
        raise CallbackError("text goes with the decision edit, and with no other")
    if decision == "approve" and not _REMARKS.isdisjoint(value):
        raise CallbackError("faults and wrong_sentences go with edit and reject: an approved draft has none")
    ticket, reviewer = _text(value, "ticket"), _text(value, "reviewer")
    if not ticket or not reviewer:
        raise CallbackError("ticket and reviewer must not be empty")
    return CallbackRequest(ticket, str(decision), reviewer, _message(value, ticket, str(decision)))


def _once(pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    """Return a JSON object.

    Raises:
        CallbackError: for one that names a field twice: it may say two decisions.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise CallbackError("name each field once")
    return found


def _message(value: Mapping[str, Any], ticket: str, decision: str) -> Message:
    note = _text(value, "note")
    try:
        match decision:
            case "approve":
                return ApproveReviewRequest(ticket=ticket, note=note)
            case "reject":
                return RejectReviewRequest(ticket=ticket, note=note, **_remarks(value))
            case _:
                return EditReviewRequest(ticket=ticket, text=_text(value, "text"), note=note, **_remarks(value))
    except (TypeError, ValueError):
        raise CallbackError("every field must be of its type, and text must be valid Unicode") from None


def _remarks(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"faults": _list(value, "faults", _fault), "wrong_sentences": _list(value, "wrong_sentences", _index)}


def _list(value: Mapping[str, Any], name: str, read: Callable[[Any], int]) -> list[int]:
    items = value.get(name, [])
    if not isinstance(items, list):
        raise CallbackError(f"{name} must be a list")
    return [read(item) for item in items]


def _fault(item: Any) -> int:
    number = AnswerFault.DESCRIPTOR.values_by_name.get(f"{_PREFIX}{item.upper()}" if isinstance(item, str) else "")
    if number is None or not number.number:
        known = ", ".join(each.name.removeprefix(_PREFIX).lower() for each in AnswerFault.DESCRIPTOR.values[1:])
        raise CallbackError(f"faults must be of {known}")
    return int(number.number)


def _index(item: Any) -> int:
    if not isinstance(item, int) or isinstance(item, bool):
        raise CallbackError("wrong_sentences must be whole numbers, counted from 0")
    return item


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name, "")
    if not isinstance(text, str):
        raise CallbackError(f"{name} must be a text")
    return text
