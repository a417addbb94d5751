"""Recording calls: the same answerer over ports that note what comes back, for the calls that a route records."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import version

from groundwire_server.adapters.recorded.models import (
    RecordedChecker,
    RecordedEmbedder,
    RecordedGenerator,
    RecordedReranker,
)
from groundwire_server.adapters.recorded.places import (
    NotedReviewDesk,
    RecordedBudget,
    RecordedClock,
    RecordedLag,
    RecordedQueue,
    RecordedReader,
    RecordedThreads,
)
from groundwire_server.adapters.recorded.prompts import (
    RecordedLocalGuard,
    RecordedPrompts,
    RecordedRemoteGuard,
    RecordedRewritePrompts,
)
from groundwire_server.adapters.recorded.recorder import ExchangeRecorder
from groundwire_server.adapters.recorded.stores import RecordedAnswerCache, RecordedRetriever
from groundwire_server.adapters.recorded.tokens import recorded_tokens, tokens_part
from groundwire_server.app.one_call import PortsOfOneCall, event_digest
from groundwire_server.app.recorded_files import recording_file
from groundwire_server.app.recorded_names import own_call, own_policy
from groundwire_server.app.recorded_texts import exchange_texts
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.fencing.fence import draw_mark
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.caching.single_flight import FlightKey, Landing, Lead, SingleFlight
from groundwire_server.pipeline.routes import Ports, RouteCache, RouteReviews, RouteTable
from groundwire_server.pipeline.screening.guards import ScreenGuards
from groundwire_server.pipeline.shadow import Shadows
from groundwire_server.ports.answerer import Answerer
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.exchange import (
    CheckerPart,
    Led,
    PlacedGuardPart,
    PortName,
    RecordedExchange,
    RouteParts,
    Value,
)
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.sink import Sink
from groundwire_server.ports.threads import Threads


class RecordingAnswerer:
    """An Answerer that records the calls that their route wants recorded; others pass as if it were not there.

    Args:
        inner: answers what is not recorded.
        routes: what inquiries work with.
        clock: the event loop's.
        recording: records stages and runs.
        threads: check sentences.
        lag: how late the event loop is.
        shadows: the comparisons in flight.
    """

    def __init__(
        self,
        inner: Answerer,
        routes: RouteTable,
        clock: Clock,
        recording: Recording,
        threads: Threads,
        lag: LoopLag,
        shadows: Shadows,
    ) -> None:
        self._inner = inner
        self._routes = routes
        self._recording = recording
        self._threads = threads
        self._lag = lag
        self._shadows = shadows
        self._clock = clock

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        """Answer a question, and have it kept with all that it got from outside where its route records it.

        Raises:
            Rejection: when the call itself fails. It is not kept.
        """
        ports = self._routes.ports(inquiry)
        recordings = ports.recordings
        if recordings is None or not recordings.wants(inquiry):
            return await self._inner.answer(inquiry, sink)
        call = CallRecording(inquiry, ports, ExchangeRecorder(inquiry.arrived, self._clock), sink is not None)
        outcome = await self._answerer(call).answer(inquiry, call.reader(sink))
        call.end(outcome)
        recordings.keep(inquiry, outcome, call)
        return outcome

    def _answerer(self, call: "CallRecording") -> PipelineAnswerer:
        recorder = call.recorder
        return PipelineAnswerer(
            PortsOfOneCall(call.recorded_ports()),
            RecordedClock(recorder),
            self._recording,
            self._threads,
            RecordedLag(self._lag, recorder),
            self._shadows,
            call.draw_mark,
        )


class CallRecording:
    """The recording of one call.

    Args:
        inquiry: as it came in.
        ports: of its route.
        recorder: notes what happens.
        streamed: whether its events are sent as they happen.

    Attributes:
        recorder: of the call.
    """

    def __init__(self, inquiry: Inquiry, ports: Ports, recorder: ExchangeRecorder, streamed: bool) -> None:
        self._inquiry = inquiry
        self._ports = ports
        self._streamed = streamed
        self._place = 1.0
        self._stamp: bytes | None = None
        self._tokens = {alias: recorded_tokens(ports.tokens_of(alias)) for alias in ports.generators}
        rewriter = ports.rewriter
        self._rewriter_tokens = None if rewriter is None else recorded_tokens(rewriter.tokens)
        self._outcome: Outcome | None = None
        self.recorder = recorder

    def draw_mark(self) -> str:
        """Draw the mark of the fences in the call's prompts."""
        self.recorder.mark = draw_mark()
        return self.recorder.mark

    def reader(self, sink: Sink | None) -> Sink | None:
        """Return what takes the call's events, recorded."""
        return None if sink is None else RecordedReader(sink, self.recorder)

    def end(self, outcome: Outcome) -> None:
        """Note how the call has ended; nothing is noted after it."""
        self.recorder.end()
        self._outcome = outcome

    def recorded_ports(self) -> Ports:
        """Return the ports of the route, recorded; what answers do not depend on stays as it is."""
        ports, recorder = self._ports, self.recorder
        rewriter, cache, reviews = ports.rewriter, ports.cache, ports.reviews
        return replace(
            ports,
            retriever=RecordedRetriever(ports.retriever, recorder),
            embedder=None if ports.embedder is None else RecordedEmbedder(ports.embedder, recorder),
            prompts=RecordedPrompts(ports.prompts, recorder),
            generators={
                alias: RecordedGenerator(model, PortName.GENERATOR, recorder)
                for alias, model in ports.generators.items()
            },
            budget=None if ports.budget is None else RecordedBudget(ports.budget, recorder),
            reranker=None if ports.reranker is None else RecordedReranker(ports.reranker, recorder),
            checker=None if ports.checker is None else RecordedChecker(ports.checker, recorder),
            rewriter=None
            if rewriter is None
            else replace(
                rewriter,
                generator=RecordedGenerator(rewriter.generator, PortName.REWRITER, recorder),
                prompts=RecordedRewritePrompts(rewriter.prompts, recorder),
                tokens=self._rewriter_tokens or rewriter.tokens,
            ),
            screens={screen: self._recorded_guards(screen, guards) for screen, guards in ports.screens.items()},
            queue=None if ports.queue is None else RecordedQueue(ports.queue, recorder),
            cache=None if cache is None else self._recorded_cache(cache),
            reviews=None if reviews is None else self._recorded_reviews(reviews),
            recordings=None,
            tokens=self._tokens,
        )

    def exchange(self) -> RecordedExchange:
        """Return all that the call got from outside, with its outcome."""
        if self._outcome is None:
            raise RuntimeError("the call has not ended")
        inquiry, recorder = self._inquiry, self.recorder
        return RecordedExchange(
            server=version("groundwire-server"),
            question=inquiry.question,
            caller=replace(inquiry.caller, credential=None),
            policy=own_policy(inquiry),
            seconds=inquiry.deadline.remaining(inquiry.arrived),
            mark=recorder.mark,
            streamed=self._streamed,
            parts=self._parts(),
            outcome=self._outcome,
            assignments=inquiry.assignments,
            clock=tuple(recorder.readings),
            dates=tuple(recorder.dates),
            prompts=tuple(recorder.prompts),
            rewrite_prompts=tuple(recorder.rewrite_prompts),
            calls=tuple(own_call(each.closed(event_digest(each.event))) for each in recorder.calls),
            local_findings=recorder.local_findings,
        )

    @property
    def documents(self) -> frozenset[str]:
        """The ids of the documents that it holds text of."""
        return self.exchange().documents

    def texts(self) -> Iterable[str]:
        """Return all texts of callers, documents and models, each whole."""
        return exchange_texts(self.exchange())

    def written(self, mask: Callable[[str], str] | None) -> bytes:
        """Return it as a recording file of one question.

        Args:
            mask: returns what is kept of a text; None keeps texts and names.
        """
        return recording_file(self.exchange(), mask)

    def _parts(self) -> RouteParts:
        ports = self._ports
        checker = ports.checker
        return RouteParts(
            models=tuple(ports.generators),
            rules=ports.rules.fingerprint,
            prices=ports.prices,
            identities=ports.identities,
            embedder=None if ports.embedder is None else ports.embedder.model,
            known=self.recorder.known,
            reranker=None if ports.reranker is None else ports.reranker.name,
            checker=None
            if checker is None
            else CheckerPart(checker.name, checker.model, checker.fingerprint, checker.thresholds),
            rewriter=None if self._rewriter_tokens is None else tokens_part(self._rewriter_tokens),
            tokens={alias: tokens_part(each) for alias, each in self._tokens.items()},
            guards=tuple(_guard_parts(ports.screens, self._inquiry.caller.tenant)),
            budget=ports.budget is not None,
            stamp=self._stamp,
            queue=ports.queue is not None,
            reviews=ports.reviews is not None,
            review_place=self._place,
        )

    def _recorded_guards(self, screen: Screen, guards: ScreenGuards) -> ScreenGuards:
        """Return the guards of a screen, recorded; they remember nothing of other calls."""
        recorder = self.recorder
        return ScreenGuards(
            tuple(
                replace(each, guard=RecordedLocalGuard(each.guard, screen, each.identity.name, recorder))
                for each in guards.local
            ),
            tuple(
                replace(each, guard=RecordedRemoteGuard(each.guard, each.identity.name, recorder))
                for each in guards.remote
            ),
        )

    def _recorded_cache(self, cache: RouteCache) -> RouteCache:
        def stamp(policy: Policy) -> bytes:
            self._stamp = cache.stamp(policy)
            return self._stamp

        answers = RecordedAnswerCache(cache.answers, self.recorder)
        return RouteCache(answers, stamp, _RecordedFlights(cache.flights, self.recorder))

    def _recorded_reviews(self, reviews: RouteReviews) -> RouteReviews:
        def place(name: str) -> float:
            self._place = reviews.place(name)
            return self._place

        desk, threads = NotedReviewDesk(reviews.desk, self.recorder), RecordedThreads(reviews.threads, self.recorder)
        return RouteReviews(desk, threads, place)


class _RecordedFlights(SingleFlight):
    """The flights of a call that is recorded."""

    def __init__(self, inner: SingleFlight, recorder: ExchangeRecorder) -> None:
        super().__init__()
        self._inner = inner
        self._recorder = recorder

    async def join(self, key: FlightKey, until: Deadline) -> Landing:
        """Return what this call does."""
        return await self._recorder.ask_for(_landed, PortName.FLIGHT, self._inner.join(key, until))


def _landed(landing: Landing) -> Value:
    return Led() if isinstance(landing, Lead) else landing


def _guard_parts(screens: Mapping[Screen, ScreenGuards], tenant: str) -> Iterable[PlacedGuardPart]:
    """Yield the guards that look for a tenant; a recording does not name the other tenants that they look for."""
    for screen, guards in screens.items():
        own = guards.of(tenant)
        for each in own.local:
            actions, local = replace(each.actions, tenants=None), (each.guard.by_word, each.guard.finds_data)
            yield PlacedGuardPart(screen, each.identity, actions, each.categories, None, *local)
        for remote in own.remote:
            actions = replace(remote.actions, tenants=None)
            yield PlacedGuardPart(screen, remote.identity, actions, remote.categories, remote.guard.model)
