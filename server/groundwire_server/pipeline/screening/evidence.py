"""Screening passages, before a model sees them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.guards.finding import ForbiddenFailure, PolicyBlock
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.vocabulary import GuardAction, Screen
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.guards import FollowedFinding, ScreenedText, ScreenGuards, Screening
from groundwire_server.pipeline.stage import StageRunner

_NEAR: Final = 3
"""Passages on each side of a distrusted one that are distrusted with it."""


class EvidenceScreening:
    """The screen of one call's passages, each of which is looked at once.

    What is distrusted takes the passages near it in its document along: an instruction may stand in one, and what it
    is about in the next. Those that are far away are judged by themselves, for a document may be a book.

    Args:
        inquiry: has the caller and the route's policy.
        ports: the route's guards.
        run: runs the stage and keeps the report.
    """

    def __init__(self, inquiry: Inquiry, ports: Ports, run: StageRunner) -> None:
        guards = ports.screens.get(Screen.EVIDENCE, ScreenGuards())
        self._screening = Screening(Screen.EVIDENCE, guards, inquiry, run)
        self._seen: dict[str, Passage | None] = {}
        self._distrusted: dict[str, list[int]] = {}

    async def evidence(self, found: Evidence) -> Evidence:
        """Return what a search found, with passages as `passages` returns them.

        Raises:
            Failure: as for `passages`.
        """
        return replace(found, passages=await self.passages(found.passages)) if self._screening else found

    async def passages(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return passages with their flags, without those that are left out.

        Raises:
            Failure: EVIDENCE_FORBIDDEN for one that blocks, or where none is left; GUARD_UNAVAILABLE or TIME_EXHAUSTED.
        """
        unseen = [passage for passage in passages if passage.chunk_id not in self._seen]
        if not self._screening or not passages:
            return tuple(passages)
        dropped: PolicyBlock | None = None
        if unseen:
            texts = [f"{each.title}\n{each.text}" if each.title else each.text for each in unseen]
            screened = await self._screening.screen([ScreenedText(text) for text in texts])
            self._screening.forbid(screened)
            for passage, found in zip(unseen, screened, strict=True):
                self._seen[passage.chunk_id] = self._flagged(passage, found)
                dropping = (one.block for one in found if one.action is GuardAction.DROP)
                dropped = dropped or next(dropping, None)
        left = tuple(self._marked(passage) for passage in passages if self._seen[passage.chunk_id] is not None)
        if not left and dropped is not None:
            raise ForbiddenFailure(Screen.EVIDENCE, dropped)
        return left

    def _flagged(self, passage: Passage, found: Sequence[FollowedFinding]) -> Passage | None:
        """Return a passage with its flags; None where it is left out."""
        actions = {one.action for one in found}
        if GuardAction.DISTRUST in actions:
            self._distrusted.setdefault(passage.document_id or passage.chunk_id, []).append(passage.ordinal)
        if GuardAction.DROP in actions:
            return None
        return replace(passage, flags=tuple(sorted({one.finding.category for one in found}))) if found else passage

    def _marked(self, passage: Passage) -> Passage:
        """Return a passage as it was given, with the flags that were found, distrusted where its document is."""
        seen = self._seen[passage.chunk_id]
        flags = () if seen is None else seen.flags
        near = self._distrusted.get(passage.document_id or passage.chunk_id, ())
        if not near and not flags:
            return passage
        trusted = all(abs(passage.ordinal - ordinal) > _NEAR for ordinal in near)
        return replace(passage, flags=flags, trusted=trusted)
