"""Composition: only this package names concrete classes."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from groundwire_server.adapters.prompts.catalogue import PromptCatalogue, built_in_prompts, compiler
from groundwire_server.adapters.prompts.template import TemplateCompiler
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.adapters.resilience.fair_threads import FairThreads
from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.admission.admission import Admission, AdmittedAnswerer
from groundwire_server.admission.capacity import Capacity, CapacityOptions
from groundwire_server.admission.limit_status import LimitStatuses
from groundwire_server.admission.shadow_limits import ShadowedAnswerer
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.experiment_results import OpenedExperimentResults
from groundwire_server.app.parts.parts import Parts
from groundwire_server.app.parts.queue import ProcessQueue
from groundwire_server.app.parts.recordings import ProcessRecordings
from groundwire_server.app.parts.records import share_key
from groundwire_server.app.parts.reviews import ProcessReviews, kept_questions, pending_questions
from groundwire_server.app.parts.routes import composed_route, with_variants
from groundwire_server.app.parts.shared import TenantWeights
from groundwire_server.app.parts.usage import OpenedUsage, usage_erasure
from groundwire_server.app.recorded_calls import RecordingAnswerer
from groundwire_server.app.registry_watch import RegistryWatch
from groundwire_server.corpus.erase import CachedAnswers, Eraser, ProcessTexts, RecordEraser
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.experiments.assignment import RouteTraffic
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.share import keyed_place
from groundwire_server.edge.access import Access
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.decision_log import DecisionLog
from groundwire_server.edge.experiments import ExperimentCalls
from groundwire_server.edge.feedback import case_exports
from groundwire_server.edge.following import Following
from groundwire_server.edge.options import DecisionLogOptions, ServerOptions
from groundwire_server.edge.prompts import PromptCalls
from groundwire_server.edge.quarantine_log import QuarantineLog
from groundwire_server.edge.reviews import ReviewWatching
from groundwire_server.edge.server import Server, Servicers
from groundwire_server.edge.servicers.answers import Answers
from groundwire_server.edge.servicers.audit import Audit
from groundwire_server.edge.servicers.documents import Documents
from groundwire_server.edge.servicers.experiments import Experiments
from groundwire_server.edge.servicers.feedback import Feedback
from groundwire_server.edge.servicers.grounding import Grounding
from groundwire_server.edge.servicers.limits import Limits
from groundwire_server.edge.servicers.operation_service import OperationService
from groundwire_server.edge.servicers.operations import Operations
from groundwire_server.edge.servicers.prompts import PromptRegistryCalls
from groundwire_server.edge.servicers.recordings import RecordedCalls
from groundwire_server.edge.servicers.records import Records
from groundwire_server.edge.servicers.retrieval import Retrieval
from groundwire_server.edge.servicers.reviews import Reviews
from groundwire_server.edge.servicers.routes import Routes
from groundwire_server.edge.servicers.server_info import ServerInfo
from groundwire_server.edge.servicers.usage import UsageQueries
from groundwire_server.edge.snapshot import CurrentSnapshot, ServingSnapshot
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.caching.single_flight import SingleFlight
from groundwire_server.pipeline.routes import (
    Route,
    RouteReviews,
    RouteTable,
    SelfHostedRoutes,
)
from groundwire_server.pipeline.shadow import Shadows
from groundwire_server.ports.answerer import Answerer
from groundwire_server.ports.erasable import Erasable, ErasableRecords
from groundwire_server.ports.recording import Recording
from groundwire_server.runs.registry import RunRegistry, SharedAnswerer
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.line_sums import LineSums

if TYPE_CHECKING:
    from groundwire_server.adapters.records import opening


@dataclass(frozen=True, slots=True)
class Process:
    """What all snapshots of one process have in common.

    Attributes:
        recording: records what calls and stages do.
        sums: decides which log lines are written.
        runs: the answers in flight, by whatever configuration they began.
        checking: the thread that checks sentences of callers' own texts. There is one: checking is Python's work, so
            that a second would add nothing but a second competitor of the event loop.
        weights: of tenants' shares.
        lag: how late the event loop is.
        capacity: how much is done at once.
        texts: of documents, in memory.
        shadows: the comparisons in flight, by whatever configuration they began.
        records: the database of what outlives the process; None where there is none.
        queue: of questions that are answered later; None where none is.
        reviews: of answers that wait for a person; None where there are no records.
        flights: the questions that others may wait for; those of two configurations are two questions.
        usage: the accounts of what models have consumed; None where there are none.
        recordings: of calls; None where there are no records.
        registry: of prompts and experiments in the records; None where no tenant manages them.
        experiment_results: what came of calls in experiments; None where there are none.
        templates: the prompts that have been compiled, for all snapshots.
    """

    recording: Recording
    sums: LineSums
    runs: RunRegistry
    checking: FairThreads
    weights: TenantWeights
    lag: LoopLag
    capacity: Capacity
    texts: ProcessTexts = field(default_factory=ProcessTexts)
    shadows: Shadows = field(default_factory=Shadows)
    records: "opening.OpenedRecords | None" = None
    queue: ProcessQueue | None = None
    reviews: ProcessReviews | None = None
    flights: SingleFlight = field(default_factory=SingleFlight)
    usage: OpenedUsage | None = None
    recordings: ProcessRecordings | None = None
    registry: RegistryWatch | None = None
    experiment_results: OpenedExperimentResults | None = None
    templates: TemplateCompiler = field(default_factory=compiler)

    @classmethod
    def begin(
        cls,
        recording: Recording,
        sums: LineSums | None = None,
        capacity: CapacityOptions | None = None,
        runs: RunRegistry | None = None,
        texts: ProcessTexts | None = None,
        records: "opening.OpenedRecords | None" = None,
        weights: TenantWeights | None = None,
        queue: ProcessQueue | None = None,
        reviews: ProcessReviews | None = None,
        usage: OpenedUsage | None = None,
        recordings: ProcessRecordings | None = None,
        registry: RegistryWatch | None = None,
        experiment_results: OpenedExperimentResults | None = None,
    ) -> "Process":
        """Return the process's own, with no run yet.

        Args:
            recording: records what calls and stages do.
            sums: decides which log lines are written.
            capacity: how much is done at once; by the defaults if None.
            texts: those in memory that other processes may have erased; by default they are this process's own.
            records: the database of what outlives the process.
            runs: those that other processes see; by default they are this process's own.
            weights: of tenants' shares; all have the same if None.
            queue: of questions that are answered later.
            reviews: of answers that wait for a person.
            usage: the accounts of what models have consumed.
            recordings: of calls.
            registry: of prompts and experiments in the records.
            experiment_results: what came of calls in experiments.
        """
        options, weights, lag = capacity or CapacityOptions(), weights or TenantWeights(), LoopLag()
        runs = runs or RunRegistry(MemoryRunLog(SystemClock()))
        recording.metrics.watch(metrics.RUNS_ACTIVE, runs, lambda each: [((), each.active)])

        def slots(name: str, count: int) -> FairLimiter:
            concurrency = ConcurrencyOptions(max_concurrent=count, queue_size=options.queue_size)
            return FairLimiter(concurrency, weights, name, recording.metrics)

        every, background = slots("calls", options.max_concurrent), slots("background calls", options.max_background)
        return cls(
            recording,
            sums or recording.lines,
            runs,
            FairThreads(ThreadPoolExecutor(1, "check"), slots("check thread", 1)),
            weights,
            lag,
            Capacity(options, every, background, lag, SystemClock()),
            texts or ProcessTexts(),
            records=records,
            queue=queue,
            reviews=reviews,
            usage=usage,
            recordings=recordings,
            registry=registry,
            experiment_results=experiment_results,
        )

    def end(self) -> None:
        """End what goes on without a call; what a thread is doing finishes by itself."""
        self.shadows.end()
        self.runs.end()
        self.checking.close()


def snapshot(
    policies: Mapping[str, tuple[Policy, str]],
    parts: Parts,
    process: Process,
    access: Access,
    write_seconds: float,
    self_hosted_only: Collection[str] = (),
    prompt_calls: PromptCalls | None = None,
    managed_by: str | None = None,
    prompts: PromptCatalogue | None = None,
    experiment_calls: ExperimentCalls | None = None,
    traffic: Mapping[str, RouteTraffic] | None = None,
) -> ServingSnapshot:
    """Return what calls are served with.

    Args:
        policies: the routes and their variants by name, each with the name of its store.
        parts: the adapters.
        process: what outlives the snapshot.
        access: the authenticators.
        write_seconds: how long writing one event of a stream may take.
        self_hosted_only: tenants whose questions go to self-hosted models only.
        prompt_calls: what calls of prompts need; None where no tenant manages them.
        managed_by: that tenant.
        prompts: the versions that are in force; those built in if None.
        experiment_calls: what calls of experiments need; None as well.
        traffic: how the calls of routes are split over their variants, by route.

    Raises:
        UnknownPromptError: when a route names a prompt that does not exist, or cannot be used.
    """
    prompts = prompts or built_in_prompts(process.templates)
    for policy, _ in policies.values():
        prompts.check(policy.prompt, policy.prompt_version)
    check = AclRecheck(process.recording.metrics)
    rules, reviews = RuleChecker.packaged(), None
    if process.reviews is not None:
        reviews = RouteReviews(process.reviews.desk, process.checking, keyed_place(share_key(process.records)))

    def routes(*, self_hosted: bool) -> dict[str, Route]:
        made = {
            name: composed_route(
                name,
                replace(policy, self_hosted_only=True) if self_hosted else policy,
                parts.of_route(name, store),
                parts,
                prompts,
                check,
                rules,
                process.queue,
                process.flights,
                reviews,
                None if process.recordings is None else process.recordings.sink(parts.recordings.get(name)),
            )
            for name, (policy, store) in policies.items()
        }
        return with_variants(made, traffic or {})

    inside = SelfHostedRoutes(frozenset(self_hosted_only), routes(self_hosted=True) if self_hosted_only else {})
    limits = parts.limits
    available = RouteTable(routes(self_hosted=False), inside, limits.table.apply, SystemClock().today)
    pipeline = PipelineAnswerer(
        available, SystemClock(), process.recording, process.checking, process.lag, process.shadows
    )
    # What a tenant has no right to waits for nothing.
    quotas = () if limits.quotas is None else (limits.quotas,)
    admission = Admission((*quotas, process.capacity))
    answering: Answerer = pipeline
    if process.recordings is not None and parts.recordings:
        answering = RecordingAnswerer(
            pipeline, available, SystemClock(), process.recording, process.checking, process.lag, process.shadows
        )
    limited = answering if limits.reports is None else ShadowedAnswerer(answering, limits.table, limits.reports)
    ingest = Ingest(
        parts.corpus.corpus,
        parts.corpus.embedder,
        sentence_vectors=parts.corpus.sentence_vectors is not None,
        screen=parts.document_screen,
    )
    cached = () if parts.answer_cache is None else (CachedAnswers(parts.answer_cache, SystemClock()),)
    operations = kept_questions(process.records, process.reviews, process.recordings)
    return ServingSnapshot(
        access,
        admission,
        LimitStatuses(limits.table, limits.store),
        available,
        SharedAnswerer(AdmittedAnswerer(limited, admission), process.runs),
        pipeline,
        pipeline,
        parts.corpus.corpus,
        ingest,
        write_seconds,
        _eraser(parts, ingest, process, cached, operations),
        _record_eraser((*operations, *cached), process),
        Admission(quotas),
        AdmittedAnswerer(limited, Admission((process.capacity,))),
        parts.answer_cache,
        None if process.queue is None else process.queue.calls,
        None if process.usage is None else process.usage.records,
        None
        if process.reviews is None
        else process.reviews.calls(available, pipeline, parts.answer_cache, process.recording),
        None if process.reviews is None else process.reviews.feedback_calls(available, process.recording.experiments),
        None if process.recordings is None else process.recordings.records,
        managed_by,
        prompt_calls,
        experiment_calls,
    )


def _eraser(
    parts: Parts,
    ingest: Ingest,
    process: Process,
    cached: Sequence[CachedAnswers],
    operations: Sequence[ErasableRecords],
) -> Eraser | None:
    """Return what erases documents from the store, and everything beside it that may hold their texts."""
    # Several stores may have one embedder.
    texts = {id(each): each for store in parts.stores.values() for each in store.texts}
    shared = parts.answer_cache is not None and parts.answer_cache.shared
    # Processes that share a Redis ask each other for these before the database is erased.
    pending = pending_questions(process.reviews, process.recordings)
    process.texts.replace((ingest, *texts.values(), *(() if shared else cached), *pending))
    store = parts.corpus.erasable
    if store is None:
        return None
    # Answers in flight first: what they still put beside themselves is there when it is erased.
    beside: tuple[Erasable, ...] = (process.runs, process.texts, *(cached if shared else ()), *operations)
    return Eraser(parts.corpus.corpus, store, beside, SystemClock())


def _record_eraser(kept: Sequence[ErasableRecords], process: Process) -> RecordEraser | None:
    """Return what erases queued questions, earlier answers and names in the accounts; None where none are kept."""
    if process.records is not None and process.usage is not None:
        kept = (*kept, usage_erasure(process.records, process.usage.book))
    if process.experiment_results is not None:
        kept = (*kept, process.experiment_results.erasure)
    return RecordEraser(kept, process.runs, SystemClock()) if kept else None


def server(current: CurrentSnapshot, process: Process, options: ServerOptions, decisions: DecisionLogOptions) -> Server:
    """Return a server that serves the current snapshot."""
    clock = SystemClock()
    recorder = process.recording.metrics
    blocked = BlockedContentLog(process.sums)
    following, watching = Following(options.arrival, recorder), ReviewWatching(options.arrival, recorder)
    exports = case_exports(recorder)
    servicers = Servicers(
        Answers(current, process.runs, recorder),
        Retrieval(current),
        Grounding(current),
        Documents(current, clock, recorder, QuarantineLog(process.sums)),
        Routes(current),
        ServerInfo(current),
        Limits(current),
        Feedback(current, blocked, recorder, exports, clock),
        Records(current, clock),
        Operations(current, following, clock),
        OperationService(current, following, clock),
        UsageQueries(current, clock),
        Reviews(current, watching, clock),
        Audit(current),
        RecordedCalls(current),
        PromptRegistryCalls(current),
        Experiments(current),
    )
    log = DecisionLog(process.sums, decisions)

    def draining() -> None:
        following.end()
        watching.end()
        exports.end()

    return Server(servicers, process.recording, log, blocked, options, current, clock, draining, process.end)
