"""Bringing a question into one form."""

import unicodedata
from dataclasses import replace

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.text.composing import nfc


def normalize_question(inquiry: Inquiry, field: str) -> Inquiry:
    """Return the inquiry with its question normalized.

    Args:
        inquiry: as it came in.
        field: where the question's text stood in the request, for the caller to find it.

    Raises:
        Rejection: INVALID_REQUEST when nothing is left, or more than the route's limit.
    """
    text = normalize(inquiry.question.text, inquiry.policy.question_limit, field)
    return replace(inquiry, question=replace(inquiry.question, text=text))


def check_search(inquiry: Inquiry, field: str) -> None:
    """Make sure that a question sets nothing of its search that its route does not allow.

    Args:
        inquiry: as it came in.
        field: where the settings of the search stood in the request, for the caller to find them.

    Raises:
        Rejection: INVALID_REQUEST when it does.
    """
    if inquiry.question.alpha is not None and not inquiry.policy.allow_alpha:
        raise Rejection.invalid(f"{field}.alpha", "is not allowed on this route: leave it out", "search.alpha")


def normalize(text: str, limit: int, field: str) -> str:
    """Return the question in NFC without control characters, white space folded to single spaces.

    Args:
        text: as the caller sent it.
        limit: the longest question that the route allows, in code points.
        field: where the text stood in the request, for the caller to find it.

    Raises:
        Rejection: INVALID_REQUEST when nothing is left, or more than the limit.
    """
    folded = fold(text)
    if not folded:
        raise Rejection.invalid(field, "must hold more than white space and control characters", "question.blank")
    if len(folded) > limit:
        raise Rejection.invalid(
            field, f"must be at most {limit} code points on this route; it has {len(folded)}", "question.length"
        )
    return folded


def fold(text: str) -> str:
    """NFC, control characters out, white space folded to single spaces and stripped."""
    if not text.isprintable():
        # Format characters (Cf) stay: emoji and several scripts are wrong without their joiners.
        text = "".join(c for c in text if c.isspace() or unicodedata.category(c) != "Cc")
    return " ".join(nfc(text).split())
