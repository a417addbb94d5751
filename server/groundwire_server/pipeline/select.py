"""Selecting the passages of a prompt."""

from collections.abc import Iterable, Sequence

from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.telemetry import names

_FIRST_WORDS = 8


def select(found: Evidence, policy: Policy) -> tuple[Passage, ...]:
    """Return the passages worth a prompt, best first, within the route's token budget.

    Args:
        found: what the search found.
        policy: the route's.

    Raises:
        Failure: NO_EVIDENCE when nothing was found, INSUFFICIENT_EVIDENCE when nothing is relevant enough,
            PROMPT_TOO_LONG when not one relevant passage fits the budget.
    """
    if not found.passages:
        raise Failure(Cause.NO_EVIDENCE)
    relevant = [p for p in found.passages if policy.admits(p.scores)]
    if not relevant:
        raise Failure(Cause.INSUFFICIENT_EVIDENCE)
    chosen = _within(policy.evidence_tokens, _distinct(_newest(relevant)))
    if not chosen:
        raise Failure(Cause.PROMPT_TOO_LONG)
    return chosen[: policy.passages_limit]


def describe_selection(chosen: Sequence[Passage]) -> Attributes:
    """Return what a selection adds to its span."""
    best = max((p.scores.relevance or 0.0 for p in chosen), default=0.0)
    return {names.PASSAGES_CHOSEN: len(chosen), names.BEST_RELEVANCE: best}


def _newest(passages: Sequence[Passage]) -> Iterable[Passage]:
    """Only each document's highest revision: a search that ran beside a change may have seen both."""
    newest: dict[str, int] = {}
    for passage in passages:
        newest[passage.document_id] = max(passage.revision, newest.get(passage.document_id, 0))
    return (p for p in passages if p.revision == newest[p.document_id])


def _distinct(passages: Iterable[Passage]) -> Iterable[Passage]:
    seen: dict[str, list[str]] = {}
    for passage in passages:
        # Most passages differ in their first words already, and folding a whole one costs far more.
        alike = seen.setdefault(" ".join(passage.text.split(None, _FIRST_WORDS)[:_FIRST_WORDS]).casefold(), [])
        if not any(_folded(passage.text) == _folded(text) for text in alike):
            alike.append(passage.text)
            yield passage


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _within(budget: int, passages: Iterable[Passage]) -> tuple[Passage, ...]:
    chosen: list[Passage] = []
    for passage in passages:
        cost = estimate_tokens(passage.text)
        if cost <= budget:
            chosen.append(passage)
            budget -= cost
    return tuple(chosen)
