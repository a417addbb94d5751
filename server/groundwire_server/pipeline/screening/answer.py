"""Screening what a model wrote, before it leaves: each segment once it was checked, or words as they are shown."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from groundwire_server.domain.answer import CheckedSegment, separator
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.guards.finding import Finding, ForbiddenFailure
from groundwire_server.domain.guards.masking import mask
from groundwire_server.domain.guards.said_again import FoldedText, folded
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.vocabulary import GuardAction, Screen, StreamMode
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.guards import (
    FollowedFinding,
    KnownWords,
    ScreenedText,
    ScreenGuards,
    Screening,
    said_again,
)
from groundwire_server.pipeline.screening.masking import masked
from groundwire_server.pipeline.stage import StageRunner

_BEFORE: Final = 200
"""Code points of what stands before a segment that are looked at with it: what was found may begin there."""

_LAST_WORD: Final = re.compile(r"\S*\Z")
_CHANGING: Final = frozenset({GuardAction.BLOCK, GuardAction.MASK})


class AnswerScreening:
    """The screen of one attempt's text.

    Args:
        inquiry: has the caller and the route's policy.
        ports: the route's guards.
        shown: the passages that the caller may see, and that the model was shown.
        run: runs the stage and keeps the report.
    """

    def __init__(self, inquiry: Inquiry, ports: Ports, shown: Iterable[Passage], run: StageRunner) -> None:
        guards = ports.screens.get(Screen.ANSWER, ScreenGuards())
        self._screening = Screening(Screen.ANSWER, guards, inquiry, run)
        self._shown = shown
        self._known: dict[str, KnownWords] = {}
        self._settled = ""

    async def segments(
        self, segments: Sequence[CheckedSegment], before: str
    ) -> tuple[tuple[CheckedSegment, ...], Failure | None]:
        """Return segments as they may leave, up to the first that is forbidden, and that one's failure.

        Args:
            segments: checked, in order.
            before: the text that stands before them, as it left.

        Raises:
            Failure: GUARD_UNAVAILABLE or TIME_EXHAUSTED.
        """
        if not segments or not self._screening:
            return tuple(segments), None
        await self._learn(each.passage for segment in segments for each in (*segment.citations, *segment.dropped))
        texts = list(_texts(segments, before, tuple(self._known.values())))
        found = await self._screening.screen(texts, self._counts, in_turn=True)
        leaving: list[CheckedSegment] = []
        for segment, each in zip(segments, found, strict=True):
            blocking = next((one for one in each if one.action is GuardAction.BLOCK), None)
            if blocking is not None:
                return tuple(leaving), ForbiddenFailure(Screen.ANSWER, blocking.block)
            masking = [one.finding for one in each if one.action is GuardAction.MASK]
            leaving.append(masked(segment, masking, before, self._in_passage))
            before += leaving[-1].delta
        return tuple(leaving), None

    async def passages(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return passages as they may stand in the place of an answer: without those that are forbidden, and masked.

        Where a guard cannot be asked without which nothing may pass, there is none.
        """
        if not passages or not self._screening:
            return tuple(passages)
        try:
            found = await self._screening.screen([ScreenedText(each.text) for each in passages], self._counts)
        except Failure:
            return ()
        leaving: list[Passage] = []
        for passage, each in zip(passages, found, strict=True):
            if any(one.action is GuardAction.BLOCK for one in each):
                continue
            masks = [one.finding for one in each if one.action is GuardAction.MASK]
            leaving.append(replace(passage, text=mask(passage.text, masks).text) if masks else passage)
        return tuple(leaving)

    async def masked(self, segment: CheckedSegment) -> CheckedSegment:
        """Return a checked text as a reviewer sees it: masked as it would leave, and with what is forbidden.

        Raises:
            Failure: GUARD_UNAVAILABLE or TIME_EXHAUSTED.
        """
        if not self._screening:
            return segment
        await self._learn(each.passage for each in segment.citations)
        text = ScreenedText(segment.delta, known=tuple(self._known.values()))
        (found,) = await self._screening.screen([text], self._counts)
        masking = [one.finding for one in found if one.action is GuardAction.MASK]
        return masked(segment, masking, "", self._in_passage)

    async def settled(self, unfinished: str, before: str) -> str:
        """Return as much of a text that still grows as may be shown: whole words, up to what a guard objects to.

        Args:
            unfinished: the text of the segment so far.
            before: the text that stands before it, as it left.
        """
        if not self._screening:
            return unfinished
        text = _LAST_WORD.sub("", unfinished)
        # What was shown need not be looked at again, but for its end: words beside a secret give it away.
        begin = max(len(self._settled) - _BEFORE, 0) if text.startswith(self._settled) else 0
        context = "" if begin else _context(before, text)
        found = [each.moved(-len(context)) for each in self._screening.find(context + text[begin:])]
        await self._learn(self._shown)
        found += said_again(text[begin:], self._known.values())
        starts = [begin + each.finding.start for each in found if each.finding.end > 0 and each.action in _CHANGING]
        self._settled = text[: min(starts, default=len(text))]
        return self._settled

    async def _learn(self, passages: Iterable[Passage]) -> None:
        """Look at passages whose words an answer may say alone, without those by which a guard knows them."""
        unseen = {each.chunk_id: each.text for each in passages if each.chunk_id not in self._known}
        if unseen:
            known = await self._screening.known_in(list(unseen.values()))
            self._known.update(zip(unseen, known, strict=True))

    def _in_passage(self, words: str) -> Iterator[Finding]:
        """Yield what must not leave in words of a passage; one that blocks is kept back as one that masks."""
        for one in (*self._screening.find(words), *said_again(words, self._known.values())):
            if one.action in _CHANGING and self._counts(words, one):
                yield one.finding

    def _counts(self, text: str, found: FollowedFinding) -> bool:
        """Return whether a finding counts: not where a passage that is shown has the same, and the route allows it."""
        if not found.unless_shown:
            return True
        words = text[found.finding.start : found.finding.end]
        return not any(words in passage.text for passage in self._shown) and not self._shown_otherwise(words)

    def _shown_otherwise(self, words: str) -> bool:
        """Return whether a passage that is shown has the words as another would write them: `+49 30 1` or `+49301`."""
        key = folded(words)
        for passage in self._shown:
            searched = FoldedText(passage.text)
            same = (passage.text[start:end] for start, end in searched.changed(words, key))
            if any(folded(each) == key for each in same):
                return True
        return False


def check_mode(inquiry: Inquiry, ports: Ports) -> None:
    """Make sure that a stream shows nothing before the guards that could keep it back have seen it.

    Raises:
        Rejection: INVALID_REQUEST for a provisional stream of a route with a guard that needs whole sentences, or whose
            answers wait for a person.
    """
    if inquiry.mode is not StreamMode.PROVISIONAL:
        return
    if inquiry.policy.holds_back:
        raise Rejection.invalid("mode", "must be CHECKED on this route: a person sees its answers first", "mode")
    guards = ports.screens.get(Screen.ANSWER)
    if guards is None:
        return
    guards = guards.of(inquiry.caller.tenant)
    by_word = {each.identity for each in guards.local if each.guard.by_word}
    if any(each.actions.changes and each.identity not in by_word for each in guards.each):
        raise Rejection.invalid(
            "mode", "must be CHECKED on this route: its guards look at text before it leaves", "mode"
        )


def _context(before: str, text: str) -> str:
    """Return the end of a text with what will part it from the next segment."""
    return before[-_BEFORE:] + separator(before, text) if before and text else ""


def _texts(segments: Sequence[CheckedSegment], before: str, known: tuple[KnownWords, ...]) -> Iterator[ScreenedText]:
    for segment in segments:
        yield ScreenedText(segment.delta, before[-_BEFORE:], known)
        before += segment.delta
