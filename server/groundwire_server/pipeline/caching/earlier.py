"""The earlier answers of one call: one that stands in the place of its own, and its own for calls that follow."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.cached_answer import AnswerKey, AnswerStamp, CachedAnswer
from groundwire_server.domain.case import AnswerPlace
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import end_user_hash
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Answered, Outcome
from groundwire_server.domain.policy import CachePolicy
from groundwire_server.domain.vocabulary import CacheAccept, CacheResult, CacheStaleness, Cause, Stage
from groundwire_server.pipeline.caching.key import answer_key
from groundwire_server.pipeline.caching.single_flight import WAIT_SHARE, FlightKey, Lead
from groundwire_server.pipeline.caching.stand_in import StandIn, StandInCheck
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.routes import Ports, RouteCache
from groundwire_server.pipeline.stage import LOOK_UP_LEAST, StageRunner, TimedStage
from groundwire_server.telemetry import names

T = TypeVar("T")

_STORE_DOWN: Final = frozenset({Cause.STORE_UNAVAILABLE, Cause.STORE_TIMEOUT, Cause.STORE_MISCONFIGURED})
"""Causes after which the store is not asked again: it would take its time once more."""

_OVER: Final = frozenset({CacheStaleness.CORPUS_VERSION, CacheStaleness.CITED_PASSAGES})
"""Why an answer never holds again: it is forgotten, so that it is not shown when the store cannot be asked any more."""

_KEEP_MOST: Final = 0.5
"""Seconds for which an outcome waits at most until its answer is kept."""

_TIME_UP: Final = frozenset({Cause.TIME_EXHAUSTED, Cause.MODEL_TIMEOUT})
"""Causes of a call that had too little time: another that asks the same may have more."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the answers to a call's question are kept."""

    cache: RouteCache
    policy: CachePolicy
    key: AnswerKey
    stamp: bytes


class EarlierAnswers:
    """The earlier answers that one call may use. It is used with `with`, for as long as the call lasts.

    Args:
        inquiry: with its question normalized, and nothing else made of it.
        ports: of its route.
        run: runs the stage, and keeps the report.
    """

    def __init__(self, inquiry: Inquiry, ports: Ports, run: StageRunner) -> None:
        self._inquiry = inquiry
        self._ports = ports
        self._run = run
        self._screened = False
        self._lead: Lead | None = None
        self._place: _Place | None = None
        cache, policy = ports.cache, inquiry.policy.cache
        if cache is not None and policy is not None:
            self._place = _Place(cache, policy, answer_key(inquiry, ports.context), cache.stamp(inquiry.policy))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lead is not None:
            self._lead.leave()

    async def fresh(self) -> StandIn | None:
        """Return an earlier answer that is served in the place of a new one; None where the call answers for itself.

        It is asked once the question was screened: nothing is looked for before. Where another call is answering the
        same, that is waited for. A route may serve no earlier answer at once.

        Raises:
            Failure: TIME_EXHAUSTED.
        """
        self._screened, place = True, self._place
        if place is None or not place.policy.serve_fresh:
            return None
        async with self._run.stage(Stage.CACHE) as stage:
            return await self._look_up(place, stage) or await self._wait(place, stage)

    async def after(self, failure: Failure) -> StandIn | None:
        """Return an earlier answer that stands in after a failure; None where none holds."""
        if self._place is None or not self._screened:
            return None
        try:
            async with self._run.stage(Stage.CACHE) as stage:
                return await self._look_up(self._place, stage, store_down=failure.cause in _STORE_DOWN)
        except Failure:
            return None

    async def land(self, outcome: Outcome) -> None:
        """Keep the answer of an outcome, and give it to calls that wait for this one; none where none may have it.

        It is kept first: a call that comes once nobody is waited for finds it.
        """
        place, kept = self._place, None
        try:
            if place is not None and (kept := _kept(outcome, place, self._inquiry, self._run)) is not None:
                keeping = place.cache.answers.put(place.key, kept, self._inquiry.arrived)
                if await _within(self._keep_by(), keeping) is False:
                    kept = None
        finally:
            if self._lead is not None:
                if outcome.cause in _TIME_UP:
                    self._lead.leave()
                else:
                    self._lead.land(kept)

    def place(self, draft: GroundedText) -> AnswerPlace | None:
        """Return where a draft may be kept once a person has approved it; None where no other call may have it."""
        if self._place is None or not _shareable(draft, self._run.report):
            return None
        return AnswerPlace(self._place.key, AnswerStamp(self._place.stamp, self._run.report.corpus_version))

    async def _look_up(self, place: _Place, stage: TimedStage, *, store_down: bool = False) -> StandIn | None:
        kept = await _within(self._look_up_by(stage), place.cache.answers.get(place.key))
        if kept is None:
            self._came_to(CacheResult.MISS, stage)
            return None
        return await self._checked(kept, place, CacheResult.HIT, stage, store_down=store_down)

    async def _wait(self, place: _Place, stage: TimedStage) -> StandIn | None:
        """Return the answer of a call that is answering the same; None where this one does it itself."""
        now = self._run.now()
        until = Deadline(now + self._run.plan.answer_by.remaining(now) * WAIT_SHARE)
        landing = await place.cache.flights.join(
            FlightKey(place.key, place.stamp, self._inquiry.question.priority), until
        )
        if isinstance(landing, Lead):
            self._lead = landing
            return None
        return None if landing is None else await self._checked(landing, place, CacheResult.JOINED, stage)

    async def _checked(
        self, kept: CachedAnswer, place: _Place, result: CacheResult, stage: TimedStage, *, store_down: bool = False
    ) -> StandIn | None:
        now = self._run.clock.today().timestamp()
        retriever = None if store_down else self._ports.retriever
        found = await StandInCheck(self._inquiry, place.policy, place.stamp, now, retriever).check(
            kept, self._look_up_by(stage)
        )
        if isinstance(found, CacheStaleness):
            self._came_to(CacheResult.STALE, stage, found)
            if found in _OVER:
                await _within(self._look_up_by(stage), place.cache.answers.drop(place.key))
            return None
        self._came_to(result, stage)
        return found

    def _look_up_by(self, stage: TimedStage) -> Deadline:
        """Return until when the cache and the store may be asked: the rest of the path needs its time."""
        now = self._run.now()
        return min(stage.deadline, max(self._run.plan.retrieve_by(now), Deadline(now + LOOK_UP_LEAST)))

    def _keep_by(self) -> Deadline:
        """Return until when an answer may be kept: its outcome waits for it, and has to leave in time."""
        now = self._run.now()
        return min(Deadline(now + _KEEP_MOST), max(self._run.plan.answer_by, Deadline(now + LOOK_UP_LEAST)))

    def _came_to(self, result: CacheResult, stage: TimedStage, why: CacheStaleness | None = None) -> None:
        report: ReportBuilder = self._run.report
        if result is not CacheResult.MISS or report.cache is None:
            # That there is none any more says less than why there is none.
            report.cache, report.cache_staleness = result, why
        stage.note({names.CACHE: result.value, **({} if why is None else {names.CACHE_STALENESS: why.value})})


async def _within(by: Deadline, asked: Awaitable[T]) -> T | None:
    """Return what the cache replies; None where it takes longer."""
    try:
        async with asyncio.timeout_at(by.at):
            return await asked
    except TimeoutError:
        return None


def _kept(outcome: Outcome, place: _Place, inquiry: Inquiry, run: StageRunner) -> CachedAnswer | None:
    """Return an outcome's answer as it is kept; None where no other call may have it.

    Kept is what was answered whole, as the route accepts it, over passages that are trusted, and what every guard has
    looked at. An answer with a placeholder is not: its passages hold what was kept back.
    """
    report, result = run.report, outcome.result
    if not isinstance(result, Answered) or not _shareable(result.answer, report):
        return None
    answer = result.answer
    if not answer.verified and place.policy.accept is not CacheAccept.ANSWERED:
        return None
    return CachedAnswer(
        answer,
        AnswerStamp(place.stamp, report.corpus_version),
        run.clock.today().timestamp(),
        report.evidence,
        inquiry.caller.subject,
        end_user_hash(inquiry.caller.tenant, inquiry.question.end_user_id),
    )


def _shareable(answer: GroundedText, report: ReportBuilder) -> bool:
    """Return whether another call may have an answer, as far as guards have a say in it."""
    return not report.guards_unavailable and not answer.masks and all(each.trusted for each in report.chosen)
