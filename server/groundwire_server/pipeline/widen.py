"""Widening a selection: the passages beside those that were selected join them, where the budget leaves room."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Evidence, Passage, Scores
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.near_duplicates import DistinctTexts
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.select import Selection, describe_selection, evidence_budget, says_more
from groundwire_server.pipeline.stage import TimedStage
from groundwire_server.ports.tokens import ModelTokens
from groundwire_server.telemetry import names

_SHARE: Final = 0.1
_MOST_SECONDS: Final = 0.5
"""What reading neighbours has of the time that is left: a prompt without them is better than none."""

_LEAST_TOKENS: Final = 25
"""Less room than this is not worth a call of the store."""

_Spot: TypeAlias = tuple[str, int, int]
"""Document, revision and ordinal."""


@dataclass(slots=True)
class _Room:
    """What a prompt still has room for; None for passages has no bound.

    Attributes:
        mean: tokens of a selected passage.
    """

    tokens: int
    passages: int | None
    count: Callable[[str], int]
    mean: int

    @classmethod
    def beside(cls, selection: Selection, policy: Policy, model: ModelTokens) -> "_Room":
        used, selected = selection.tokens, len(selection.passages)
        passages = None if policy.passages_limit is None else policy.passages_limit - selected
        left = evidence_budget(policy, model) - used
        return cls(left, passages, model.counter.count, used // max(selected, 1))

    def best(self, selected: Sequence[Passage], reach: int) -> Sequence[Passage]:
        """As many of the selected passages, the best first, as there is room for neighbours of on both sides."""
        return selected[: self.tokens // max(self.mean * reach * 2, 1) + 1]

    @property
    def is_left(self) -> bool:
        return self.tokens >= _LEAST_TOKENS and self.passages != 0

    def takes(self, passage: Passage, texts: DistinctTexts) -> bool:
        """Take a passage that says more than the texts, where there is room for it; return whether it was taken."""
        if self.passages == 0 or (tokens := self.count(passage.text)) > self.tokens or not says_more(passage, texts):
            return False
        self.tokens -= tokens
        self.passages = None if self.passages is None else self.passages - 1
        return True


async def widen(selection: Selection, inquiry: Inquiry, ports: Ports, stage: TimedStage) -> tuple[Passage, ...]:
    """Return the selected passages with neighbours of theirs, those that stand together in reading order.

    Neighbours are of the same section of the same revision; after them comes the beginning of the section around it,
    which is shown before them. They are passages of their own, so that a citation names
    the one that holds its quote. The best passage comes first, with what stands around it; the better a passage is, the
    sooner it gets its neighbours. Nothing is raised: where the store fails or is late, the selection stays as it is.

    Args:
        selection: of the passages that were found; those of the caller's own have no neighbours.
        inquiry: has the caller, the budget, and how far neighbours may be away.
        ports: the store, and the recheck of its access lists.
        stage: takes what is in the prompt, and why there are no neighbours.
    """
    chosen = await _widened(selection, inquiry, ports, stage)
    stage.note(describe_selection(selection, chosen))
    return chosen


async def _widened(selection: Selection, inquiry: Inquiry, ports: Ports, stage: TimedStage) -> tuple[Passage, ...]:
    selected, reach = selection.passages, inquiry.policy.neighbours
    if not reach or inquiry.question.provided:
        return selected
    room = _Room.beside(selection, inquiry.policy, ports.tokens_of(inquiry.policy.models[0]))
    if not room.is_left:
        return selected
    best = room.best(selected, reach)
    found = await _around(best, reach, inquiry, ports, stage)
    if found is None:
        return selected
    visible = ports.acl_recheck.visible(found, inquiry.caller)
    return _placed(selection, best, {_spot(passage): passage for passage in visible}, reach, room)


async def _around(
    stored: Sequence[Passage], reach: int, inquiry: Inquiry, ports: Ports, stage: TimedStage
) -> Evidence | None:
    now = asyncio.get_running_loop().time()
    by = Deadline(now + min(stage.deadline.remaining(now) * _SHARE, _MOST_SECONDS))
    try:
        # An adapter keeps its deadline; one that does not must not keep the answer.
        async with asyncio.timeout_at(by.at):
            return await ports.retriever.around(inquiry.caller, stored, reach, by)
    except TimeoutError:
        cause = Cause.STORE_TIMEOUT
    except Failure as failure:
        cause = failure.cause
    stage.note({names.NEIGHBOURS_CAUSE: cause.value})
    return None


def _placed(
    selection: Selection,
    best: Sequence[Passage],
    beside: Mapping[_Spot, Passage],
    reach: int,
    room: _Room,
) -> tuple[Passage, ...]:
    chosen = {_spot(passage): passage for passage in selection.passages}
    known = {**beside, **chosen}
    for passage in best:
        for step in (1, -1):
            for neighbour in _neighbours(passage, known, step, reach):
                if _spot(neighbour) in chosen:
                    continue
                if not room.takes(neighbour, selection.texts):
                    break
                chosen[_spot(neighbour)] = _beside(passage, neighbour)
        parent = known.get(_spot_of_parent(passage))
        if parent and _spot(parent) not in chosen and room.takes(parent, selection.texts):
            chosen[_spot(parent)] = _beside(passage, parent)
    placed: dict[str, Passage] = {}
    for passage in selection.passages:
        parent = chosen.get(_spot_of_parent(passage))
        before = list(_neighbours(passage, chosen, -1, len(chosen)))
        after = _neighbours(passage, chosen, 1, len(chosen))
        for each in (*((parent,) if parent and parent.neighbour else ()), *reversed(before), passage, *after):
            placed.setdefault(each.chunk_id, each)
    return tuple(placed.values())


def _neighbours(passage: Passage, known: Mapping[_Spot, Passage], step: int, reach: int) -> Iterator[Passage]:
    """Yield the passages on one side, the nearest first, as long as they are known and of the same section."""
    document_id, revision, ordinal = _spot(passage)
    for distance in range(1, reach + 1):
        each = known.get((document_id, revision, ordinal + step * distance))
        if each is None or each.place.section != passage.place.section:
            return
        yield each


def _beside(passage: Passage, other: Passage) -> Passage:
    """Return a passage that comes along with another."""
    return replace(other, scores=Scores(relevance=passage.scores.relevance), neighbour=True)


def _spot_of_parent(passage: Passage) -> _Spot:
    parent = passage.place.parent
    return passage.document_id, passage.revision, -1 if parent is None else parent


def _spot(passage: Passage) -> _Spot:
    return passage.document_id, passage.revision, passage.ordinal
