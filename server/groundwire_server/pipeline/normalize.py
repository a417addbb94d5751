"""Bringing a question into one form."""

import re
import unicodedata
from dataclasses import replace
from typing import Final

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.prompts.context import ContextSource, caller_values
from groundwire_server.domain.text.composing import nfc
from groundwire_server.domain.text.language_tag import language_tag
from groundwire_server.domain.vocabulary import Feature

_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})")


def admitted_question(inquiry: Inquiry) -> Inquiry:
    """Return the inquiry with its question normalized, where its route answers such a question.

    Raises:
        Rejection: FEATURE_NOT_OFFERED, INVALID_REQUEST.
    """
    check_queue(inquiry)
    check_search(inquiry, "question.search")
    return normalize_question(declared_context(inquiry), "question.text")


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


def declared_context(inquiry: Inquiry) -> Inquiry:
    """Return the inquiry with those of the caller's values that its route shows, each on one line.

    The others are left out, so that no guard, no key and no record has what no model would see.

    Raises:
        Rejection: INVALID_REQUEST when a locale is not a language tag.
    """
    question, blocks = inquiry.question, inquiry.policy.context
    if not question.context:
        return inquiry
    kept: dict[str, str] = {}
    for block in blocks:
        if block.source is ContextSource.CALLER:
            kept.update(caller_values(block, blocks, question.context))
        elif block.source is ContextSource.LOCALE:
            kept.update((name, _locale(name, text)) for name, text in caller_values(block, blocks, question.context))
    shown = tuple((name, folded) for name in sorted(kept) if (folded := fold(kept[name])))
    return replace(inquiry, question=replace(question, context=shown))


def _locale(name: str, text: str) -> str:
    tag = language_tag(text)
    if tag is None and text.strip():
        said = "must be a language tag as BCP 47 has them, such as en-GB"
        raise Rejection.invalid(f"question.context[{name}]", said, "question.context.locale")
    return tag or ""


def check_queue(inquiry: Inquiry) -> None:
    """Refuse a question that may be answered later, on a route where none is.

    Raises:
        Rejection: FEATURE_NOT_OFFERED.
    """
    if inquiry.question.allow_queue and not inquiry.policy.queue:
        raise Rejection.not_offered(Feature.QUEUED_ANSWERS)


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
    return " ".join(nfc(_without_control(text)).split())


def fold_lines(text: str) -> str:
    """NFC, control characters out, lines kept with their indentation, other white space folded; for Markdown.

    Blank lines in a row are one, and there is none at the end. One at the beginning stays: it says that the text begins
    a paragraph of its own. What stands between fences keeps its spaces.
    """
    if "\n" not in text:
        return fold(text)
    text = nfc(_without_control(text.replace("\r\n", "\n"))).expandtabs(4)
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        opening = _FENCE.match(line)
        if fence:
            lines.append(line.rstrip())
            if line.strip().startswith(fence):
                fence = ""
            continue
        folded = " ".join(line.split())
        if not folded and lines and not lines[-1]:
            continue
        fence = opening[1] if opening else ""
        lines.append(" " * (len(line) - len(line.lstrip())) + folded if folded else "")
    folded = "\n".join(lines)
    return "\n\n" + folded.strip("\n") if not lines[0] and folded.strip() else folded.strip()


def _without_control(text: str) -> str:
    if text.isprintable():
        return text
    # Format characters (Cf) stay: emoji and several scripts are wrong without their joiners.
    return "".join(c for c in text if c.isspace() or unicodedata.category(c) != "Cc")
