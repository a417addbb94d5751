"""The words of reviews, each with what it means."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.review_pb2 import Review
from groundwire_server.cli.console import one_line
from groundwire_server.cli.times import printed
from groundwire_server.cli.words import CAUSES, word

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "APPROVAL": "may this answer leave?",
        "SAMPLE": "is this answer, which has left, right?",
        "BLOCK": "was the guard right to forbid an answer?",
    }
)

TRIGGERS: Mapping[str, str] = MappingProxyType(
    {
        "FALLBACK": "the route's table of fallbacks asks for a reviewer",
        "ALWAYS": "the route has every answer approved",
        "SHARE": "the route has a share of its answers approved",
        "CONFIDENCE": "the route has answers of this confidence approved",
        "VERDICT": "the route has answers approved that are not verified",
        "GUARD": "the route has answers approved in which a guard found something",
        "SAMPLE": "the route has a share of what has left looked at",
        "APPEAL": "a caller says that it was blocked by mistake",
    }
)

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "INCORRECT": "says something that is not so",
        "UNSUPPORTED": "its passages do not say it",
        "INCOMPLETE": "something that belongs to it is missing",
        "IRRELEVANT": "does not answer the question",
        "OUTDATED": "was so once",
        "UNSAFE": "following it could do harm",
        "UNCLEAR": "is hard to understand, or badly written",
        "NO_ANSWER": "there should have been an answer",
        "OTHER": "something else",
    }
)

OPEN: Final = frozenset({Review.STATE_PENDING, Review.STATE_CLAIMED})


def is_blind(review: Review) -> bool:
    """Return whether a review is a sample whose verdicts are withheld until its decision."""
    return review.kind == Review.KIND_SAMPLE and review.state in OPEN


def why(review: Review) -> str:
    """Return why a person must look."""
    cause, trigger = word(Cause, review.cause), word(Review.Trigger, review.trigger)
    said = f"{cause}: {CAUSES.get(cause, 'unknown cause')}" if review.cause else ""
    if review.trigger:
        meaning = TRIGGERS.get(trigger, "unknown trigger")
        said = f"{said}; {meaning}" if said else meaning
    if review.guard:
        said += f"; the guard {review.guard} found {review.category}"
    return one_line(said)


def standing(review: Review) -> str:
    """Return where a review is, in a few words."""
    state = word(Review.State, review.state)
    if review.state == Review.STATE_CLAIMED:
        return one_line(f"{state} by {review.reviewer} until {printed(review.lease_expire_time)}")
    if review.reviewer:
        return one_line(f"{state} by {review.reviewer}, {printed(review.decide_time)}")
    return state


def plural(count: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
