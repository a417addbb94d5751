"""Every metric of the server, declared once: Prometheus, OTLP and the reference are made from these.

Names, units and buckets are OpenTelemetry's where it has them, from the same versions as in `names.py`. A label is an
attribute of spans and events, so that one question can be followed from a chart to a trace. No metric holds a text, a
document, a passage or a caller; tenants are the only open set among the labels, and their number is bounded.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

from groundwire_server.telemetry import names

OTHER: Final = "other"
"""Stands for every value of a bounded label after the first ones."""

_CALL_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_STORE_SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
_MODEL_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_REVIEW_SECONDS: Final = (10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800)
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)
_SHARES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Declared:
    """What is counted or measured.

    Attributes:
        kind: in OpenTelemetry's words.
        name: OpenTelemetry's way, with dots.
        unit: in UCUM.
        about: what it says.
        labels: the attributes that it is told apart by, in the order in which their values are given.
    """

    kind: ClassVar[str]
    name: str
    unit: str
    about: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counter(Declared):
    """A number of events since the process began."""

    kind: ClassVar[str] = "counter"


@dataclass(frozen=True, slots=True)
class Gauge(Declared):
    """A value that is read when somebody looks."""

    kind: ClassVar[str] = "gauge"


@dataclass(frozen=True, slots=True)
class Histogram(Declared):
    """A distribution of values since the process began.

    Attributes:
        buckets: their upper bounds, in the unit.
        exemplars: whether a value keeps the id of its trace as an example.
    """

    kind: ClassVar[str] = "histogram"
    buckets: tuple[float, ...] = ()
    exemplars: bool = False


Metric: TypeAlias = Counter | Gauge | Histogram

CALL_DURATION: Final = Histogram(
    "rpc.server.call.duration",
    "s",
    "Duration of calls, by method and status.",
    (names.RPC_SYSTEM, names.RPC_METHOD, names.RPC_STATUS, names.ERROR_TYPE),
    _CALL_SECONDS,
    exemplars=True,
)
CALLS_ACTIVE: Final = Gauge("groundwire.calls.active", "{call}", "Calls in flight.")
CALLS_REFUSED: Final = Counter(
    "groundwire.calls.refused",
    "{call}",
    "Calls that were refused before they were served, by the limit that held them off; no other metric has them.",
    (names.LIMIT,),
)
LIMITS_REACHED: Final = Counter(
    "groundwire.limits.reached",
    "{call}",
    "Calls that a limit had nothing left for, or models that were not asked for that reason; in shadow, those that "
    "would have been refused.",
    (names.LIMIT, names.LIMIT_MODE),
)
LIMITS_UNCHECKED: Final = Counter(
    "groundwire.limits.unchecked",
    "{call}",
    "Calls whose limits could not be checked, by their route, and by whether they went on all the same.",
    (names.ROUTE, names.ADMITTED),
)
STREAMS_ACTIVE: Final = Gauge("groundwire.streams.active", "{stream}", "Streamed answers in flight.")
RUNS_ACTIVE: Final = Gauge(
    "groundwire.runs.active", "{run}", "Answers being written; several calls may wait for one, and none for another."
)
LOOP_LAG: Final = Histogram(
    "groundwire.event_loop.lag",
    "s",
    "How late the event loop was for a timer, measured twice a second: work that held it up delays every call.",
    (),
    (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
)

ANSWERS: Final = Counter(
    "groundwire.answers",
    "{answer}",
    "Outcomes that left, by what happened and what was done; an outcome that several callers get counts for each.",
    (names.ROUTE, names.OUTCOME, names.CAUSE, names.ACTION),
)
ANSWER_DURATION: Final = Histogram(
    "groundwire.answer.duration",
    "s",
    "From the arrival of a question to its outcome, once for each run.",
    (names.ROUTE, names.OUTCOME),
    _MODEL_SECONDS,
    exemplars=True,
)
STAGE_DURATION: Final = Histogram(
    "groundwire.stage.duration",
    "s",
    "Duration of a stage.",
    (names.ROUTE, names.STAGE),
    _MODEL_SECONDS,
)
FIRST_TEXT: Final = Histogram(
    "groundwire.answer.time_to_first_text",
    "s",
    "From the arrival of a question to the model's first text.",
    (names.ROUTE,),
    _MODEL_SECONDS,
)
BETWEEN_TEXTS: Final = Histogram(
    "groundwire.stream.time_between_texts",
    "s",
    "Between two stretches of text that a stream's reader gets.",
    (),
    _MODEL_SECONDS,
)
ATTEMPTS: Final = Counter(
    "groundwire.attempts",
    "{attempt}",
    "Models asked for an answer, by what made it necessary and how it ended.",
    (names.ROUTE, names.MODEL, names.ACTION, names.CAUSE),
)
CACHE_LOOKUPS: Final = Counter(
    "groundwire.cache.lookups",
    "{lookup}",
    "Earlier answers that were looked for, by what it came to, and by why one that was found does not hold.",
    (names.ROUTE, names.CACHE, names.CACHE_STALENESS),
)
BEST_RELEVANCE: Final = Histogram(
    "groundwire.relevance.best", "1", "Relevance of the best passage found, 0 to 1.", (names.ROUTE,), _SHARES
)
GROUNDING: Final = Histogram(
    "groundwire.grounding_score", "1", "How well an answer is supported, 0 to 1.", (names.ROUTE,), _SHARES
)
SENTENCES: Final = Counter(
    "groundwire.sentences", "{sentence}", "Sentences of answers, by their verdict.", (names.ROUTE, names.VERDICT)
)
SUPPORT: Final = Histogram(
    "groundwire.sentence.support",
    "1",
    "How far its passages support a sentence of an answer that claims something, 0 to 1.",
    (names.ROUTE,),
    _SHARES,
)
CONFLICTS: Final = Counter(
    "groundwire.conflicts",
    "{conflict}",
    "Places where a sentence departs from its passages, by kind; in all that models wrote, whether it left or not.",
    (names.ROUTE, names.CONFLICT),
)
GUARD_FINDINGS: Final = Counter(
    "groundwire.guard.findings",
    "{text}",
    "Texts in which a guard found something: questions and turns, passages, stretches of an answer, or the title and "
    "the text of a document, which has no route.",
    (names.ROUTE, names.GUARD_SCREEN, names.GUARD, names.GUARD_CATEGORY, names.GUARD_ACTION),
)
BLOCKS_APPEALED: Final = Counter(
    "groundwire.guard.appeals",
    "{answer}",
    "Outcomes that callers say were blocked by mistake, by the guard and the category that they name.",
    (names.GUARD, names.GUARD_CATEGORY),
)
FEEDBACK: Final = Counter(
    "groundwire.feedback",
    "{answer}",
    "Outcomes that callers gave feedback on, by their rating; by the weakest verdict and the model too where the "
    "answer is kept. Feedback that replaces what the same caller said before is not counted again.",
    (names.ROUTE, names.RATING, names.VERDICT, names.MODEL),
)
FEEDBACK_FAULTS: Final = Counter(
    "groundwire.feedback.faults",
    "{fault}",
    "Faults that callers found in answers, each once an answer.",
    (names.ROUTE, names.FAULT),
)
REVIEW_SAMPLES: Final = Counter(
    "groundwire.review.samples",
    "{answer}",
    "Outcomes that were drawn to be kept after they had left, by what for and what became of it: `kept`, `no_room` "
    "where too many were on their way, or `unavailable` where the database was.",
    (names.ROUTE, names.SAMPLE_PURPOSE, names.RESULT),
)
RECORDINGS: Final = Counter(
    "groundwire.recordings",
    "{call}",
    "Calls that were recorded, by what became of the recording: `kept`, `no_room` where too many were on their way, "
    "`too_large`, or `unavailable` where the database was.",
    (names.ROUTE, names.RESULT),
)
GUARDS_UNAVAILABLE: Final = Counter(
    "groundwire.guard.unavailable",
    "{answer}",
    "Answers that went on without a guard that could not be asked.",
    (names.ROUTE, names.GUARD),
)
PASSAGES_DROPPED: Final = Counter(
    "groundwire.passages.dropped",
    "{passage}",
    "Passages that a store returned to a caller who may not see them, and that were dropped. Anything but 0 is a fault "
    "of the store; the security log names the tenant.",
)
PASSAGES_OVERTAKEN: Final = Counter(
    "groundwire.passages.overtaken",
    "{passage}",
    "Passages that were dropped because their access changed while they were searched. It is expected while documents "
    "change, where a store does not search and change at one moment.",
)

SHADOW_ANSWERS: Final = Counter(
    "groundwire.shadow.answers",
    "{answer}",
    "Answers that were compared with one in the shadow, and those in the shadow, by their models and how they ended.",
    (names.ROUTE, names.MODEL, names.SHADOW_ROLE, names.OUTCOME, names.CAUSE),
)
SHADOW_SENTENCES: Final = Counter(
    "groundwire.shadow.sentences",
    "{sentence}",
    "Sentences that models wrote for answers that were compared, by their verdict, whether they left or not.",
    (names.ROUTE, names.MODEL, names.SHADOW_ROLE, names.VERDICT),
)
SHADOW_DURATION: Final = Histogram(
    "groundwire.shadow.duration",
    "s",
    "How long models wrote an answer that was compared, over all attempts.",
    (names.ROUTE, names.MODEL, names.SHADOW_ROLE),
    _MODEL_SECONDS,
)
SHADOW_COST: Final = Counter(
    "groundwire.shadow.cost",
    "{currency}",
    "What writing an answer that was compared cost, in units of the currency.",
    (names.ROUTE, names.MODEL, names.SHADOW_ROLE, names.CURRENCY),
)
SHADOW_SKIPPED: Final = Counter(
    "groundwire.shadow.skipped",
    "{answer}",
    "Comparisons that were due and were not made, by why: they give way to answers, have their own limit of cost, and "
    "need a model that is ready.",
    (names.ROUTE, names.MODEL, names.CAUSE),
)

TOKENS: Final = Counter(
    "groundwire.tokens",
    "{token}",
    "Tokens of models, those of calls that failed or were cancelled among them.",
    (names.TENANT, names.MODEL, names.PURPOSE, names.GEN_AI_TOKEN_TYPE),
)
TOKENS_CACHED: Final = Counter(
    "groundwire.tokens.cached",
    "{token}",
    "Input tokens that providers have read from their caches; they are among those of the type `input` in "
    "groundwire.tokens.",
    (names.TENANT, names.MODEL, names.PURPOSE),
)
COST: Final = Counter(
    "groundwire.cost",
    "{currency}",
    "What models cost, in units of the currency.",
    (names.TENANT, names.MODEL, names.PURPOSE, names.CURRENCY),
)
MODEL_DURATION: Final = Histogram(
    "gen_ai.client.operation.duration",
    "s",
    "Duration of a call of a model, an embedder, a checker, a reranker or a guard, its retries included.",
    (names.GEN_AI_OPERATION, names.GEN_AI_PROVIDER, names.GEN_AI_MODEL, names.ERROR_TYPE),
    _MODEL_SECONDS,
    exemplars=True,
)
MODEL_FIRST_CHUNK: Final = Histogram(
    "gen_ai.client.operation.time_to_first_chunk",
    "s",
    "From the request to the model's first text.",
    (names.GEN_AI_OPERATION, names.GEN_AI_PROVIDER, names.GEN_AI_MODEL),
    _MODEL_SECONDS,
)
MODEL_TOKENS: Final = Histogram(
    "gen_ai.client.token.usage",
    "{token}",
    "Tokens of a call.",
    (names.GEN_AI_OPERATION, names.GEN_AI_PROVIDER, names.GEN_AI_MODEL, names.GEN_AI_TOKEN_TYPE),
    _TOKENS,
)
STORE_DURATION: Final = Histogram(
    "db.client.operation.duration",
    "s",
    "Duration of a call of a store, its repetitions included.",
    (names.DB_SYSTEM, names.DB_OPERATION, names.ERROR_TYPE),
    _STORE_SECONDS,
    exemplars=True,
)
DEPENDENCY_FAILURES: Final = Counter(
    "groundwire.dependency.failures",
    "{call}",
    "Calls of a model, an embedder or a store that failed, those that were late among them.",
    (names.DEPENDENCY, names.ERROR_TYPE),
)
RETRIES: Final = Counter("groundwire.retries", "{call}", "Repeated requests to a dependency.", (names.DEPENDENCY,))
CIRCUITS: Final = Gauge(
    "groundwire.circuit.open",
    "1",
    "Whether the circuit of a dependency is open: 1 open, 0.5 half open, 0 closed.",
    (names.DEPENDENCY,),
)
MODELS_READY: Final = Gauge(
    "groundwire.model.ready",
    "1",
    "Whether a model is ready for calls: 1 ready, 0 while its server starts or loads it. Models whose servers are not "
    "asked have no value.",
    (names.DEPENDENCY,),
)
HTTP_CONNECTIONS: Final = Gauge(
    "http.client.open_connections",
    "{connection}",
    "Connections to a provider, in use or idle.",
    (names.HTTP_CONNECTION_STATE, names.GEN_AI_PROVIDER, names.SERVER_ADDRESS, names.SERVER_PORT),
)
HTTP_CONNECTIONS_LIMIT: Final = Gauge(
    "groundwire.http.connections.limit",
    "{connection}",
    "Connections to a provider that may be in use at once; a request beyond them waits.",
    (names.GEN_AI_PROVIDER, names.SERVER_ADDRESS, names.SERVER_PORT),
)
CACHED_ANSWERS: Final = Gauge(
    "groundwire.cache.answers",
    "{answer}",
    "Earlier answers that may stand in; of a cache that processes share, as this one saw it last.",
)
CACHED_ANSWERS_SIZE: Final = Gauge(
    "groundwire.cache.size",
    "By",
    "Their size together, with the passages that they are from; of a shared cache, as this process saw it last.",
)
CACHED_ANSWERS_EVICTED: Final = Counter(
    "groundwire.cache.evicted",
    "{answer}",
    "Earlier answers that made room for others, by what was full: the tenant's share, or the cache.",
    (names.FULL,),
)
ANSWER_CACHE_FAILURES: Final = Counter(
    "groundwire.cache.failures",
    "{call}",
    "Calls of the answer cache that failed: nothing was found, and nothing was kept.",
    (names.ERROR_TYPE,),
)
SLOTS_USED: Final = Gauge("groundwire.slots.used", "{slot}", "Slots of a limiter that are in use.", (names.LIMITER,))
SLOTS_WAITING: Final = Gauge("groundwire.slots.waiting", "{call}", "Calls that wait for a slot.", (names.LIMITER,))
SLOTS_LIMIT: Final = Gauge("groundwire.slots.limit", "{slot}", "Slots that a limiter has.", (names.LIMITER,))
SLOTS_WAIT: Final = Histogram(
    "groundwire.slots.wait",
    "s",
    "How long calls waited for a slot; those that had one at once are not among them.",
    (names.LIMITER, names.PRIORITY),
    _STORE_SECONDS,
)
SLOTS_REFUSED: Final = Counter(
    "groundwire.slots.refused",
    "{call}",
    "Calls that got no slot, by why: the queue was full, another call had more right to their place, no slot was to be "
    "expected in time, or they had waited until it was too late to begin.",
    (names.LIMITER, names.PRIORITY, names.REFUSAL),
)
QUEUE_ACCEPTED: Final = Counter(
    "groundwire.queue.accepted",
    "{question}",
    "Questions that were accepted for later, by why they could not be answered now; submitted ones have no cause.",
    (names.ROUTE, names.CAUSE),
)
QUEUE_ATTEMPTS: Final = Counter(
    "groundwire.queue.attempts",
    "{attempt}",
    "Attempts at queued answers, by what became of them: COMPLETED, RETRIED (or halted), RELEASED, REFUSED, IN_REVIEW "
    "or LOST.",
    (names.ROUTE, names.RESULT),
)
QUEUE_RUNNING: Final = Gauge("groundwire.queue.running", "{question}", "Queued questions that are being answered.")
QUEUE_WAITING: Final = Gauge(
    "groundwire.queue.waiting", "{question}", "Questions that wait; every process says the same of all tenants."
)
QUEUE_HALTED: Final = Gauge(
    "groundwire.queue.halted",
    "{question}",
    "Questions whose attempts are used up; every process says the same of all tenants.",
)
QUEUE_OLDEST_AGE: Final = Gauge(
    "groundwire.queue.oldest_age",
    "s",
    "How long the oldest question that waits has waited; 0 where none does.",
)
USAGE_UNWRITTEN_AGE: Final = Gauge(
    "groundwire.usage.unwritten_age",
    "s",
    "How long the oldest consumption has waited that is not in the accounts of usage; 0 where all of it is.",
)
EXPERIMENT_UNWRITTEN_AGE: Final = Gauge(
    "groundwire.experiment.unwritten_age",
    "s",
    "How long the oldest result of a call in an experiment has waited that is not in the database; 0 where all are.",
)
EXPERIMENT_RESULTS_DROPPED: Final = Counter(
    "groundwire.experiment.results_dropped",
    "{result}",
    "Results of calls in experiments that were left out, because too many units waited for a database that was away.",
)
EXPERIMENT_ARMS_ENDED: Final = Counter(
    "groundwire.experiment.arms_ended",
    "{arm}",
    "Arms of experiments that a guard of this process has ended, by the guard's metric.",
    (names.GUARD_METRIC,),
)
WEBHOOKS: Final = Counter(
    "groundwire.webhooks",
    "{webhook}",
    "Webhooks of queued answers and reviews, by what became of them: DELIVERED, RETRIED or GIVEN_UP.",
    (names.RESULT,),
)

REVIEWS_OPENED: Final = Counter(
    "groundwire.reviews.opened",
    "{review}",
    "Reviews that were opened, by what a person is asked, and by what sent them for review.",
    (names.ROUTE, names.REVIEW_KIND, names.REVIEW_TRIGGER),
)
REVIEWS_ENDED: Final = Counter(
    "groundwire.reviews.ended",
    "{review}",
    "Reviews that have ended, by how: APPROVED, EDITED, REJECTED or EXPIRED.",
    (names.ROUTE, names.REVIEW_KIND, names.REVIEW_DECISION),
)
REVIEW_DURATION: Final = Histogram(
    "groundwire.review.duration",
    "s",
    "How long a review was open before a person decided it.",
    (names.ROUTE, names.REVIEW_KIND),
    _REVIEW_SECONDS,
)
REVIEWS_OPEN: Final = Gauge(
    "groundwire.reviews.open",
    "{review}",
    "Reviews of all tenants that wait for a decision, as last counted: every process counts all of them.",
    (names.REVIEW_KIND,),
)
REVIEWS_OLDEST_AGE: Final = Gauge(
    "groundwire.reviews.oldest_age",
    "s",
    "How long the oldest review has waited for whose decision a caller waits; 0 where none does.",
)

DOCUMENTS: Final = Counter(
    "groundwire.documents.ingested", "{document}", "Documents that were sent to be stored.", (names.RESULT,)
)
DOCUMENTS_DELETED: Final = Counter(
    "groundwire.documents.deleted", "{document}", "Documents that were deleted, one by one or by a filter."
)
DOCUMENTS_RELEASED: Final = Counter(
    "groundwire.documents.released", "{document}", "Documents that operators released from quarantine."
)
STORE_DOCUMENTS: Final = Gauge(
    "groundwire.store.documents",
    "{document}",
    "Documents of all tenants in a store, as last counted: once a minute, or later where Weaviate has many tenants, of "
    "which one a second is counted. Tenants that are not active there are left out; a store that fails has no value.",
    (names.STORE,),
)
STORE_SIZE: Final = Gauge(
    "groundwire.store.size",
    "By",
    "Bytes of an embedded store's file; Weaviate has metrics of its own.",
    (names.STORE,),
)

LOG_LINES_SUMMED: Final = Counter(
    "groundwire.log.lines.summed",
    "{line}",
    "Log lines that were left out of an outage or a sample, and counted in a line that sums them.",
)
TELEMETRY_DROPPED: Final = Counter(
    "groundwire.telemetry.dropped",
    "{item}",
    "Spans, data points and log lines that nobody took, by why: a status of the receiver, a queue that was full, a "
    "disk that was, a batch that cannot be encoded.",
    (names.SIGNAL, names.ERROR_TYPE),
)

CATALOG: Final[tuple[Metric, ...]] = (
    CALL_DURATION,
    CALLS_ACTIVE,
    CALLS_REFUSED,
    LIMITS_REACHED,
    LIMITS_UNCHECKED,
    STREAMS_ACTIVE,
    RUNS_ACTIVE,
    LOOP_LAG,
    ANSWERS,
    ANSWER_DURATION,
    STAGE_DURATION,
    FIRST_TEXT,
    BETWEEN_TEXTS,
    ATTEMPTS,
    CACHE_LOOKUPS,
    BEST_RELEVANCE,
    GROUNDING,
    SENTENCES,
    SUPPORT,
    CONFLICTS,
    GUARD_FINDINGS,
    GUARDS_UNAVAILABLE,
    BLOCKS_APPEALED,
    FEEDBACK,
    FEEDBACK_FAULTS,
    REVIEW_SAMPLES,
    RECORDINGS,
    PASSAGES_DROPPED,
    PASSAGES_OVERTAKEN,
    SHADOW_ANSWERS,
    SHADOW_SENTENCES,
    SHADOW_DURATION,
    SHADOW_COST,
    SHADOW_SKIPPED,
    TOKENS,
    TOKENS_CACHED,
    COST,
    MODEL_DURATION,
    MODEL_FIRST_CHUNK,
    MODEL_TOKENS,
    STORE_DURATION,
    DEPENDENCY_FAILURES,
    RETRIES,
    CIRCUITS,
    MODELS_READY,
    HTTP_CONNECTIONS,
    HTTP_CONNECTIONS_LIMIT,
    CACHED_ANSWERS,
    CACHED_ANSWERS_SIZE,
    CACHED_ANSWERS_EVICTED,
    ANSWER_CACHE_FAILURES,
    SLOTS_USED,
    SLOTS_WAITING,
    SLOTS_LIMIT,
    SLOTS_WAIT,
    SLOTS_REFUSED,
    QUEUE_ACCEPTED,
    QUEUE_ATTEMPTS,
    QUEUE_RUNNING,
    QUEUE_WAITING,
    QUEUE_HALTED,
    QUEUE_OLDEST_AGE,
    USAGE_UNWRITTEN_AGE,
    EXPERIMENT_UNWRITTEN_AGE,
    EXPERIMENT_RESULTS_DROPPED,
    EXPERIMENT_ARMS_ENDED,
    WEBHOOKS,
    REVIEWS_OPENED,
    REVIEWS_ENDED,
    REVIEW_DURATION,
    REVIEWS_OPEN,
    REVIEWS_OLDEST_AGE,
    DOCUMENTS,
    DOCUMENTS_DELETED,
    DOCUMENTS_RELEASED,
    STORE_DOCUMENTS,
    STORE_SIZE,
    LOG_LINES_SUMMED,
    TELEMETRY_DROPPED,
)
"""All of them, in the order of the reference."""
