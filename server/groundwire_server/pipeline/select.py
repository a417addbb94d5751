"""Selecting the passages of a prompt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from groundwire_server.domain.document import PassageKind
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.near_duplicates import DistinctTexts
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.fitting import cut
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.ports.tokens import ESTIMATED_TOKENS, ModelTokens
from groundwire_server.telemetry import names

_FIRST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Selection:
    """The passages worth a prompt.

    Attributes:
        passages: best first.
        tokens: of their texts together, by the counter that selected them.
        alike: relevant ones that were left out because a better one says the same.
        texts: theirs, to which those of neighbours are compared.
    """

    passages: tuple[Passage, ...]
    tokens: int
    alike: int
    texts: DistinctTexts = field(compare=False)


def select(found: Evidence, policy: Policy, tokens: ModelTokens = ESTIMATED_TOKENS) -> Selection:
    """Return the passages worth a prompt, best first, within the route's token budget.

    The best one is cut where it does not fit alone; what does not fit beside it is passed over.

    Args:
        found: what the search found.
        policy: the route's.
        tokens: of the model that is asked first.

    Raises:
        Failure: NO_EVIDENCE when nothing was found, INSUFFICIENT_EVIDENCE when nothing is relevant enough.
    """
    if not found.passages:
        raise Failure(Cause.NO_EVIDENCE)
    relevant = [p for p in found.passages if policy.admits(p.scores)]
    if not relevant:
        raise Failure(Cause.INSUFFICIENT_EVIDENCE)
    newest = _newest(relevant)
    texts = DistinctTexts()
    distinct = [passage for passage in newest if says_more(passage, texts)]
    budget = evidence_budget(policy, tokens)
    chosen, used = _within(budget, distinct, tokens.counter.count, policy.passages_limit)
    return Selection(chosen, used, len(newest) - len(distinct), texts)


def evidence_budget(policy: Policy, tokens: ModelTokens) -> int:
    """Return how many tokens of passages a prompt may have."""
    room = tokens.room(policy.output_tokens, policy.prompt_tokens)
    # A prompt without room for anything is refused once it is made.
    return policy.evidence_tokens if room is None else min(policy.evidence_tokens, max(room, 1))


def shortened(chosen: Sequence[Passage]) -> Sequence[Passage]:
    """Return fewer passages of a prompt: those without neighbours, or else the better half."""
    selected = [passage for passage in chosen if not passage.neighbour]
    return selected if len(selected) < len(chosen) else chosen[: len(chosen) // 2]


def says_more(passage: Passage, texts: DistinctTexts) -> bool:
    """Return whether a passage says something that none of the texts says, and add it to them if so."""
    return texts.add(passage.text, literal=passage.place.kind is PassageKind.CODE)


def describe_selection(selection: Selection, chosen: Sequence[Passage]) -> Attributes:
    """Return what a selection adds to its span.

    Args:
        selection: without neighbours.
        chosen: the passages of the prompt.
    """
    best = max((p.scores.relevance or 0.0 for p in selection.passages), default=0.0)
    attributes: dict[str, int | float] = {names.PASSAGES_CHOSEN: len(chosen), names.BEST_RELEVANCE: best}
    if selection.alike:
        attributes[names.PASSAGES_ALIKE] = selection.alike
    if len(chosen) > len(selection.passages):
        attributes[names.PASSAGES_NEIGHBOURS] = len(chosen) - len(selection.passages)
    return attributes


def _newest(passages: Sequence[Passage]) -> Sequence[Passage]:
    """Only each document's highest revision: a search that ran beside a change may have seen both."""
    newest: dict[str, int] = {}
    for passage in passages:
        newest[passage.document_id] = max(passage.revision, newest.get(passage.document_id, 0))
    return [p for p in passages if p.revision == newest[p.document_id]]


def _within(
    budget: int, passages: Sequence[Passage], count: Callable[[str], int], most: int | None
) -> tuple[tuple[Passage, ...], int]:
    """Return the passages that fit, and their tokens; the first one is cut where it does not fit alone."""
    chosen: list[Passage] = []
    used = 0
    for place, passage in enumerate(passages):
        if len(chosen) == most:
            break
        each, cost = passage, count(passage.text)
        if cost > budget and not place:
            each = cut(passage, budget, count)
            cost = count(each.text)
        if used + cost <= budget:
            chosen.append(each)
            used += cost
    return tuple(chosen), used
