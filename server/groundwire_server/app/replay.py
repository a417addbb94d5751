"""Replaying recorded calls: the same pipeline over ports that give back what was recorded, in a time of its own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from opentelemetry.trace import NonRecordingSpan, SpanContext, use_span

from groundwire_server.adapters.replayed.models import (
    ReplayedChecker,
    ReplayedEmbedder,
    ReplayedGenerator,
    ReplayedReranker,
)
from groundwire_server.adapters.replayed.places import (
    ReplayedBudget,
    ReplayedClock,
    ReplayedLag,
    ReplayedQueue,
    ReplayedReader,
    ReplayedReviewDesk,
    ReplayedThreads,
)
from groundwire_server.adapters.replayed.prompts import (
    ReplayedLocalGuard,
    ReplayedPrompts,
    ReplayedRemoteGuard,
    ReplayedRewritePrompts,
)
from groundwire_server.adapters.replayed.stores import ReplayedAnswerCache, ReplayedRetriever
from groundwire_server.adapters.replayed.tape import LiveCalls, LivePart, Tape
from groundwire_server.adapters.replayed.timeline import ReplayLoop, UnrecordedError
from groundwire_server.adapters.replayed.tokens import replayed_tokens
from groundwire_server.app.one_call import PortsOfOneCall, event_digest
from groundwire_server.app.replay_differences import differing_places, times_agree
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.prompts.texts import NO_TEXTS
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.caching.single_flight import FlightKey, Landing, SingleFlight
from groundwire_server.pipeline.routes import Ports, RewriteModel, RouteCache, RouteReviews
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.exchange import Led, PlacedGuardPart, PortName, RecordedExchange
from groundwire_server.ports.guard import LocalGuard, RemoteGuard
from groundwire_server.ports.prompts import Prompts
from groundwire_server.ports.recording import unrecorded

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class ReplayChanges:
    """What differs from the call as it was recorded.

    Attributes:
        policy: of the route; the recorded one with other models, another prompt, or all of another route.
        prompts: render the prompts; None keeps to those that were recorded.
        live: the parts of the route as it is now, which are asked what no recording has an answer to; None asks none.
    """

    policy: Policy
    prompts: Prompts | None = None
    live: Ports | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to.

    Attributes:
        outcome: how the call ended; None where something was asked that no recording has an answer to, or the call
            itself fails.
        unrecorded: what that was: the word of a port, with the name of the model or guard; empty where there is an
            outcome.
        refused: why the call itself fails, such as for a question that is longer than its route now allows; empty
            where it does not.
        prompts: that models would have got, in order.
        differences: where the outcome, or what was streamed, is not what was recorded; measured times are not compared.
        timed: whether every measured time is the recorded one as well, to a microsecond.
        other_rules: whether the rules that judge sentences are others than then.
    """

    outcome: Outcome | None
    unrecorded: str = ""
    refused: str = ""
    prompts: tuple[Prompt, ...] = ()
    differences: tuple[str, ...] = ()
    timed: bool = False
    other_rules: bool = False

    @property
    def exact(self) -> bool:
        """Whether everything is as it was."""
        return self.outcome is not None and not self.differences


async def replay(exchange: RecordedExchange, changes: ReplayChanges | None = None) -> Replayed:
    """Answer a recorded call again, beside the running event loop.

    Nothing outside is asked but what `changes.live` has, and that only for what no recording has an answer to: a model
    whose prompt is, byte for byte, the recorded one writes what it wrote.

    Args:
        exchange: as it was recorded.
        changes: what differs; None replays the call as it was.
    """
    return await asyncio.to_thread(replay_now, exchange, changes, asyncio.get_running_loop())


def replay_now(
    exchange: RecordedExchange,
    changes: ReplayChanges | None = None,
    world: asyncio.AbstractEventLoop | None = None,
) -> Replayed:
    """Answer a recorded call again, in a thread without an event loop.

    Args:
        exchange: as it was recorded.
        changes: what differs; None replays the call as it was.
        world: a running event loop of another thread, on which `changes.live` is asked.
    """
    loop = ReplayLoop(exchange.clock if changes is None else (), in_order=changes is None)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(_Replay(exchange, changes, loop, world).run())


def renew(exchange: RecordedExchange) -> RecordedExchange | None:
    """Return a recorded call whose texts were replaced as it would have been recorded with them.

    Ports return what they did, whatever they are asked now. It is called in a thread without an event loop.

    Args:
        exchange: with its new texts, and the outcome of the earlier ones.

    Returns:
        The same with the outcome of its texts; None where something is asked that was not asked then.
    """
    loop = ReplayLoop(exchange.clock, in_order=True)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        renewing = _Replay(exchange, None, loop, renewed=True)
        replayed = runner.run(renewing.run())
    return None if replayed.outcome is None else renewing.renewed(replayed.outcome)


class _Replay:
    """One replay.

    Args:
        exchange: as it was recorded.
        changes: what differs from it.
        loop: that it runs on.
        world: on which live parts are asked.
        renewed: whether texts were replaced since the call was recorded.
    """

    def __init__(
        self,
        exchange: RecordedExchange,
        changes: ReplayChanges | None,
        loop: ReplayLoop,
        world: asyncio.AbstractEventLoop | None = None,
        *,
        renewed: bool = False,
    ) -> None:
        self._exchange = exchange
        self._changes = changes
        self._timeline = loop.timeline
        self._tape = Tape(exchange.calls, loop.timeline, renewed=renewed)
        self._live = None if world is None else LiveCalls(world, loop.timeline)
        self._now: Ports | None = None if changes is None else changes.live
        self._prompts = ReplayedPrompts(exchange.prompts, None if changes is None else changes.prompts, renewed=renewed)
        self._rules = RuleChecker.packaged()

    async def run(self) -> Replayed:
        """Return what the replay comes to."""
        exchange = self._exchange
        reader = ReplayedReader(self._tape, event_digest) if exchange.streamed else None
        answerer = PipelineAnswerer(
            PortsOfOneCall(self._ports()),
            ReplayedClock(self._timeline, exchange.dates),
            unrecorded(),
            ReplayedThreads(self._tape),
            ReplayedLag(self._timeline),
            draw_mark=lambda: exchange.mark,
        )
        other_rules = self._rules.fingerprint != exchange.parts.rules
        try:
            with use_span(_span(exchange.outcome.report.trace_id)):
                outcome = await answerer.answer(self._inquiry(), reader)
        except UnrecordedError as missing:
            return Replayed(None, str(missing), prompts=tuple(self._prompts.prompts), other_rules=other_rules)
        except (Failure, Rejection) as refused:
            return Replayed(None, refused=str(refused), prompts=tuple(self._prompts.prompts), other_rules=other_rules)
        differences = differing_places(exchange.outcome, outcome)
        if reader is not None and self._changes is None:
            differences += tuple(f"event {number}" for number in reader.differing)
            sent = sum(call.port is PortName.READER for call in exchange.calls)
            if sent != len(reader.events):
                differences += (f"{len(reader.events)} events in place of {sent}",)
        return Replayed(
            outcome,
            prompts=tuple(self._prompts.prompts),
            differences=differences,
            timed=times_agree(exchange.outcome, outcome),
            other_rules=other_rules,
        )

    def renewed(self, outcome: Outcome) -> RecordedExchange:
        """Return the call as it would have been recorded with the texts that it has now.

        Args:
            outcome: that the replay came to.
        """
        exchange, requests = self._exchange, self._tape.requests
        prompts = iter(self._prompts.prompts)
        return replace(
            exchange,
            outcome=outcome,
            prompts=tuple(
                replace(each, prompt=next(prompts, None)) if each.prompt is not None else each
                for each in exchange.prompts
            ),
            calls=tuple(
                replace(call, request=requests.get(call.order, call.request))
                for call in exchange.calls
                # Of shorter texts there are fewer events.
                if call.port is not PortName.READER or call.order in requests
            ),
        )

    @property
    def _policy(self) -> Policy:
        return self._exchange.policy if self._changes is None else replace(self._changes.policy, cache=None)

    def _inquiry(self) -> Inquiry:
        exchange = self._exchange
        return Inquiry(
            exchange.question,
            exchange.caller,
            self._policy,
            0.0,
            Deadline(exchange.seconds),
            assignments=exchange.assignments,
        )

    def _ports(self) -> Ports:
        """Return ports that give back what was recorded, and ask live parts for the rest."""
        exchange, tape, now = self._exchange, self._tape, self._now
        parts = exchange.parts
        aliases = dict.fromkeys((*parts.models, *self._policy.models))
        return Ports(
            ReplayedRetriever(tape, self._live_part(None if now is None else now.retriever)),
            None if parts.embedder is None else ReplayedEmbedder(tape, parts.embedder, parts.known),
            self._prompts,
            {
                alias: ReplayedGenerator(
                    tape, PortName.GENERATOR, self._live_part(None if now is None else now.generators.get(alias))
                )
                for alias in aliases
            },
            AclRecheck(unrecorded().metrics),
            self._rules,
            prices={**({} if now is None else now.prices), **parts.prices},
            identities={**({} if now is None else now.identities), **parts.identities},
            budget=ReplayedBudget(tape) if parts.budget else None,
            reranker=None
            if parts.reranker is None
            else ReplayedReranker(tape, parts.reranker, self._live_part(None if now is None else now.reranker)),
            checker=None
            if parts.checker is None
            else ReplayedChecker(tape, parts.checker, self._live_part(None if now is None else now.checker)),
            rewriter=self._rewriter(),
            screens=self._screens(),
            queue=ReplayedQueue(tape) if parts.queue else None,
            cache=self._cache(),
            context=NO_TEXTS if now is None else now.context,
            reviews=RouteReviews(ReplayedReviewDesk(tape), ReplayedThreads(tape), lambda _: parts.review_place)
            if parts.reviews
            else None,
            tokens={
                **({} if now is None else now.tokens),
                **{alias: replayed_tokens(part) for alias, part in parts.tokens.items()},
            },
        )

    def _live_part(self, part: P | None) -> LivePart[P] | None:
        """Return what asks a part of the route as it is now; None where there is none, or none is asked."""
        return None if part is None or self._live is None else LivePart(part, self._live)

    def _rewriter(self) -> RewriteModel | None:
        tokens = self._exchange.parts.rewriter
        if tokens is None:
            return None
        now = None if self._now is None else self._now.rewriter
        model = None if now is None else now.generator
        return RewriteModel(
            ReplayedGenerator(self._tape, PortName.REWRITER, self._live_part(model)),
            ReplayedRewritePrompts(self._exchange.rewrite_prompts),
            replayed_tokens(tokens),
        )

    def _cache(self) -> RouteCache | None:
        stamp = self._exchange.parts.stamp
        if stamp is None or self._changes is not None:
            return None
        return RouteCache(ReplayedAnswerCache(self._tape), lambda _: stamp, _ReplayedFlights(self._tape))

    def _screens(self) -> Mapping[Screen, ScreenGuards]:
        parts = self._exchange.parts.guards
        return {
            screen: ScreenGuards(
                tuple(self._local(part) for part in parts if part.screen is screen and part.model is None),
                tuple(
                    self._remote(part, part.model) for part in parts if part.screen is screen and part.model is not None
                ),
            )
            for screen in {part.screen for part in parts}
        }

    def _local(self, part: PlacedGuardPart) -> PlacedGuard[LocalGuard]:
        found = {
            each.text: each.findings
            for each in self._exchange.local_findings
            if each.screen is part.screen and each.guard == part.identity.name
        }
        guards = () if self._now is None else self._now.screens.get(part.screen, ScreenGuards()).local
        guard = next((each.guard for each in guards if each.identity.name == part.identity.name), None)
        return PlacedGuard(part.identity, part.actions, ReplayedLocalGuard(part, found, guard), part.categories)

    def _remote(self, part: PlacedGuardPart, model: str) -> PlacedGuard[RemoteGuard]:
        guards = () if self._now is None else self._now.screens.get(part.screen, ScreenGuards()).remote
        guard = next((each.guard for each in guards if each.identity.name == part.identity.name), None)
        replayed = ReplayedRemoteGuard(self._tape, part.identity.name, model, self._live_part(guard))
        return PlacedGuard(part.identity, part.actions, replayed, part.categories)


class _ReplayedFlights(SingleFlight):
    """What other calls that asked the same had come to."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self._tape = tape

    async def join(self, key: FlightKey, until: Deadline) -> Landing:
        """Return what the call did."""
        played = self._tape.following(PortName.FLIGHT)
        landing = Led() if played is None else await played.value()
        if not isinstance(landing, Led):
            return landing  # type: ignore[no-any-return]  # an earlier answer, or none
        # Nobody else is here: it leads at once.
        return await super().join(key, until)


def _span(trace_id: str) -> NonRecordingSpan:
    """Return a span of the recorded trace, so that the report names it."""
    context = SpanContext(int(trace_id or "0", 16), span_id=1, is_remote=False)
    return NonRecordingSpan(context)
