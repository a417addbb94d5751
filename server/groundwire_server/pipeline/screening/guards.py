"""The guards of a route's screens, and what one screen of one call finds with them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeAlias, TypeVar

from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.guards.finding import (
    Finding,
    Flag,
    ForbiddenFailure,
    GuardActions,
    GuardIdentity,
    PolicyBlock,
)
from groundwire_server.domain.guards.said_again import FoldedText, folded
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.policy import ScreenPolicy
from groundwire_server.domain.vocabulary import Cause, GuardAction, Purpose, Screen, Stage, WithoutGuard
from groundwire_server.pipeline.screening.memory import FindingMemory
from groundwire_server.pipeline.stage import ComputedStage, StageRunner, TimedStage
from groundwire_server.ports.guard import LocalGuard, RemoteGuard, ScreenReply, ScreenRequest
from groundwire_server.telemetry import names

GuardT = TypeVar("GuardT")

_STAGES: Final[Mapping[Screen, Stage]] = {
    Screen.QUESTION: Stage.SCREEN_QUESTION,
    Screen.EVIDENCE: Stage.SCREEN_EVIDENCE,
    Screen.ANSWER: Stage.SCREEN_ANSWER,
}
_AT_ONCE: Final = 10_000
"""Code points that are looked at without letting others have a turn: 1 ms of ordinary text, 12 ms of the slowest."""

_GRACE: Final = 0.02
"""Seconds after its deadline in which a guard may still say why it failed, and what it consumed."""


@dataclass(frozen=True, slots=True)
class PlacedGuard(Generic[GuardT]):
    """A guard in its place on a screen.

    Attributes:
        identity: of the guard.
        actions: what the route makes of its findings.
        guard: looks at texts.
        categories: of what it may find.
    """

    identity: GuardIdentity
    actions: GuardActions
    guard: GuardT
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ScreenGuards:
    """The guards of one screen, each kind in the route's order.

    Attributes:
        memory: of what those in this process found, where the same texts come again; None remembers nothing.
    """

    local: tuple[PlacedGuard[LocalGuard], ...] = ()
    remote: tuple[PlacedGuard[RemoteGuard], ...] = ()
    memory: "FindingMemory[FollowedFinding] | None" = None

    def __bool__(self) -> bool:
        """Return whether there is one."""
        return bool(self.local or self.remote)

    @property
    def each(self) -> "Sequence[PlacedGuard[LocalGuard] | PlacedGuard[RemoteGuard]]":
        """All of them."""
        return (*self.local, *self.remote)

    def of(self, tenant: str) -> "ScreenGuards":
        """Return those that look for a tenant."""
        return ScreenGuards(_for(self.local, tenant), _for(self.remote, tenant), self.memory)


@dataclass(frozen=True, slots=True)
class FollowedFinding:
    """What a guard found in a text, and what follows.

    Attributes:
        guard: that found it.
        action: that follows.
        finding: what it is.
        unless_shown: whether nothing follows in an answer where a passage shown to the caller has the same.
    """

    guard: GuardIdentity
    action: GuardAction
    finding: Finding
    unless_shown: bool = False

    def moved(self, by: int) -> "FollowedFinding":
        """Return the same in a text that begins elsewhere: what stands before it is cut off."""
        finding = self.finding
        moved = replace(finding, start=max(finding.start + by, 0), end=finding.end + by)
        return replace(self, finding=moved)

    @property
    def block(self) -> PolicyBlock:
        """What it is that forbids an answer, where its action is to block."""
        return PolicyBlock(self.guard, self.finding.category)


class KnownWords:
    """Words that were found in a text, and may stand in others alone.

    Args:
        text: in which they were found.
        found: there.
    """

    def __init__(self, text: str, found: Iterable[FollowedFinding]) -> None:
        different = {(text[one.finding.start : one.finding.end], one.guard): one for one in found}
        self._found = [(words, folded(words), one) for (words, _), one in different.items()]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._found)

    def said_again(self, text: FoldedText) -> Iterator[FollowedFinding]:
        """Yield the same findings at the places of another text that says their words."""
        for words, key, one in self._found:
            for start, end in text.said_again(words, key):
                yield replace(one, finding=replace(one.finding, start=start, end=end))


def said_again(text: str, known: Iterable[KnownWords]) -> list[FollowedFinding]:
    """Return what was found in other texts, at the places of this one that say the same."""
    known = [each for each in known if each]
    if not known:
        return []
    searched = FoldedText(text)
    return [one for each in known for one in each.said_again(searched)]


@dataclass(frozen=True, slots=True)
class ScreenedText:
    """A text that guards look at.

    Attributes:
        text: in which they find something.
        before: what stands before it: what a guard in this process finds may begin there. Guards outside do not see it,
            for they may object to a text as a whole.
        known: what was found elsewhere, by what stands around it there; it counts in the text as well.
    """

    text: str
    before: str = ""
    known: tuple[KnownWords, ...] = ()


Counts: TypeAlias = Callable[[str, FollowedFinding], bool]
"""Says whether what was found in a text counts."""


class Screening:
    """One screen of one call.

    Args:
        screen: which one.
        guards: all of the route's there.
        inquiry: has the caller and the route's policy.
        run: runs the stage, has the time that is left, and keeps the report.
    """

    def __init__(self, screen: Screen, guards: ScreenGuards, inquiry: Inquiry, run: StageRunner) -> None:
        self._screen = screen
        self._guards = guards.of(inquiry.caller.tenant)
        self._policy = inquiry.policy.screens.get(screen, ScreenPolicy())
        self._requester = inquiry.requester
        self._run = run

    def __bool__(self) -> bool:
        """Return whether a guard looks."""
        return bool(self._guards)

    def find(self, text: str) -> list[FollowedFinding]:
        """Return what the guards in this process find in a text, in the order of the guards."""
        return _found(self._guards.local, text)

    async def known_in(self, texts: Sequence[str]) -> list[KnownWords]:
        """Return the data that guards in this process find in texts that stand beside those that are screened."""
        guards = [each for each in self._guards.local if each.guard.finds_data]
        if sum(map(len, texts)) <= _AT_ONCE:
            return [KnownWords(text, _found(guards, text)) for text in texts]
        return [KnownWords(text, await asyncio.to_thread(_found, guards, text)) for text in texts]

    async def screen(
        self, texts: Sequence[ScreenedText], counts: Counts | None = None, *, in_turn: bool = False
    ) -> list[list[FollowedFinding]]:
        """Return what all guards find in each text, in its own stage, and record it.

        Guards outside this process are not asked about what one in it blocks.

        Args:
            texts: the guards are asked about all at once.
            counts: says what counts; None counts all.
            in_turn: whether the texts before one that is blocked leave all the same.

        Raises:
            Failure: GUARD_UNAVAILABLE where a guard cannot be asked and the route lets nothing pass without it,
                BUDGET_EXHAUSTED where the limits hold no request to one, or TIME_EXHAUSTED.
        """
        stage = _STAGES[self._screen]
        if not self._guards.remote:
            with self._run.compute(stage) as computed:
                return self._recorded(await self._each_within(texts, counts), computed)
        async with self._run.stage(stage) as timed:
            found = await self._each_within(texts, counts)
            blocked = next((place for place, each in enumerate(found) if _blocks(each)), len(texts))
            asked = texts[: blocked if in_turn or blocked == len(texts) else 0]
            for guard, findings in await self._asked([each.text for each in asked], timed):
                for text, each, more in zip(asked, found, findings, strict=False):
                    each.extend(one for one in followed(guard, more) if counts is None or counts(text.text, one))
            return self._recorded(found, timed)

    def forbid(self, found: Sequence[Sequence[FollowedFinding]]) -> None:
        """Let texts pass in which nothing is forbidden.

        Raises:
            ForbiddenFailure: for the first finding that blocks.
        """
        for each in found:
            for one in each:
                if one.action is GuardAction.BLOCK:
                    raise ForbiddenFailure(self._screen, one.block)

    async def _each_within(self, texts: Sequence[ScreenedText], counts: Counts | None) -> list[list[FollowedFinding]]:
        if sum(len(each.text) for each in texts) <= _AT_ONCE:
            memory = self._guards.memory
            if memory is None or counts is not None:
                return [self._within(each, counts) for each in texts]
            return [memory.recall(self._requester.tenant, each.text, self.find) for each in texts]
        # The event loop goes on meanwhile: text that is made for it takes a guard milliseconds for each kilobyte.
        return [await asyncio.to_thread(self._within, each, counts) for each in texts]

    def _within(self, text: ScreenedText, counts: Counts | None) -> list[FollowedFinding]:
        """Return what guards in this process find in a text, at its place in it."""
        found, offset = self.find(text.before + text.text), len(text.before)
        if offset:
            found = [one.moved(-offset) for one in found if one.finding.end > offset]
        found += said_again(text.text, text.known)
        return found if counts is None else [one for one in found if counts(text.text, one)]

    async def _asked(
        self, texts: Sequence[str], stage: TimedStage
    ) -> list[tuple[PlacedGuard[RemoteGuard], Sequence[Sequence[Finding]]]]:
        if not texts:
            return []
        request = ScreenRequest(self._requester, self._screen, tuple(texts), self._run.allowance)
        calls = [asyncio.ensure_future(self._ask(placed, request)) for placed in self._guards.remote]
        try:
            replies = await asyncio.gather(*calls)
        except BaseException:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            raise
        answered: list[tuple[PlacedGuard[RemoteGuard], Sequence[Sequence[Finding]]]] = []
        for placed, reply in zip(self._guards.remote, replies, strict=True):
            if isinstance(reply, ScreenReply):
                answered.append((placed, reply.findings))
                continue
            name = placed.identity.name
            stage.event(names.GUARD_UNAVAILABLE, {names.GUARD: name, names.CAUSE: reply.cause.value})
            if reply.cause is Cause.BUDGET_EXHAUSTED:
                # The guard can be asked, and is not: nobody gets past it by spending what there is.
                raise reply
            if self._policy.without_guard is WithoutGuard.CLOSED:
                raise Failure(Cause.GUARD_UNAVAILABLE, retry_after=reply.retry_after)
            if name not in self._run.report.guards_unavailable:
                self._run.report.guards_unavailable.append(name)
        return answered

    async def _ask(self, placed: PlacedGuard[RemoteGuard], request: ScreenRequest) -> ScreenReply | Failure:
        guard, report = placed.guard, self._run.report
        by = self._policy.screen_by(self._run.now(), self._run.plan.answer_by)
        try:
            reply = await reply_of(guard, request, by)
        except ChargedFailure as failure:
            report.consumed(guard.model, Purpose.GUARD, failure.usage)
            return failure
        except Failure as failure:
            return failure
        report.consumed(guard.model, Purpose.GUARD, reply.usage)
        return reply

    def _recorded(
        self, found: list[list[FollowedFinding]], stage: TimedStage | ComputedStage
    ) -> list[list[FollowedFinding]]:
        flags: Counter[Flag] = Counter()
        for each in found:
            # A text counts once for each kind, however often it has it.
            kinds = (Flag(self._screen, one.guard, one.finding.category, one.action) for one in each)
            flags.update(dict.fromkeys(kinds, 1))
        self._run.report.flags.update(flags)
        for flag, count in flags.items():
            stage.event(
                names.GUARD_FINDING,
                {
                    names.GUARD: flag.guard.name,
                    names.GUARD_VERSION: flag.guard.version,
                    names.GUARD_CATEGORY: flag.category,
                    names.GUARD_ACTION: flag.action.value,
                    names.GUARD_TEXTS: count,
                },
            )
        return found


async def reply_of(guard: RemoteGuard, request: ScreenRequest, by: Deadline) -> ScreenReply:
    """Return what a guard says, by a deadline.

    Raises:
        Failure: of the guard, or MODEL_TIMEOUT where it does not keep the deadline: it must not keep the answer.
    """
    try:
        async with asyncio.timeout_at(by.at + _GRACE):
            return await guard.screen(request, by)
    except TimeoutError:
        raise Failure(Cause.MODEL_TIMEOUT) from None


def _found(guards: Sequence[PlacedGuard[LocalGuard]], text: str) -> list[FollowedFinding]:
    found: list[FollowedFinding] = []
    for placed in guards:
        if findings := placed.guard.find(text):
            found += followed(placed, findings)
    return found


def _for(guards: tuple[PlacedGuard[GuardT], ...], tenant: str) -> tuple[PlacedGuard[GuardT], ...]:
    if all(each.actions.tenants is None for each in guards):
        return guards
    return tuple(each for each in guards if each.actions.tenants is None or tenant in each.actions.tenants)


def _blocks(found: Sequence[FollowedFinding]) -> bool:
    return any(one.action is GuardAction.BLOCK for one in found)


def followed(placed: PlacedGuard[GuardT], findings: Sequence[Finding]) -> list[FollowedFinding]:
    """Return findings with what the route makes of each, without those that it ignores."""
    return [
        FollowedFinding(placed.identity, action, finding, finding.category in placed.actions.unless_shown)
        for finding in findings
        if (action := placed.actions.of(finding.category)) is not None
    ]
