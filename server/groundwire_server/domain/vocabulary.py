"""The closed sets of words that callers, spans, log lines and metrics share.

Each member's name is the protobuf value's name without its prefix; a test holds the two together.
"""

from collections.abc import Iterable
from enum import StrEnum, auto
from typing import Final


class Word(StrEnum):
    """A word whose value is its own name, so that it reads the same wherever it is written."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:
        del start, count, last_values
        return name


class Cause(Word):
    """What happened."""

    ANSWER_VALIDATED = auto()
    NO_EVIDENCE = auto()
    INSUFFICIENT_EVIDENCE = auto()
    MODEL_ABSTAINED = auto()
    QUESTION_UNCLEAR = auto()
    QUESTION_FORBIDDEN = auto()
    EVIDENCE_FORBIDDEN = auto()
    ANSWER_FORBIDDEN = auto()
    REVIEW_REQUIRED = auto()
    STORE_UNAVAILABLE = auto()
    STORE_TIMEOUT = auto()
    STORE_MISCONFIGURED = auto()
    EMBEDDER_UNAVAILABLE = auto()
    MODEL_UNAVAILABLE = auto()
    MODEL_NOT_READY = auto()
    MODEL_TIMEOUT = auto()
    MODEL_SLOW_START = auto()
    MODEL_INTERRUPTED = auto()
    MODEL_RATE_LIMITED = auto()
    MODEL_QUOTA_EXHAUSTED = auto()
    MODEL_MISCONFIGURED = auto()
    MODEL_REFUSED = auto()
    MODEL_CONTENT_FILTERED = auto()
    PROMPT_TOO_LONG = auto()
    OUTPUT_CUT_OFF = auto()
    OUTPUT_MALFORMED = auto()
    OUTPUT_EMPTY = auto()
    OUTPUT_TOO_LONG = auto()
    CITATION_MISSING = auto()
    CITATION_UNKNOWN = auto()
    QUOTE_NOT_FOUND = auto()
    UNSUPPORTED = auto()
    CONTRADICTED = auto()
    NOT_VERIFIED = auto()
    PROMPT_LEAKED = auto()
    GUARD_UNAVAILABLE = auto()
    CONFIDENCE_NOT_ALLOWED = auto()
    REVIEW_REJECTED = auto()
    REVIEW_EXPIRED = auto()
    TIME_EXHAUSTED = auto()
    BUDGET_EXHAUSTED = auto()
    CAPACITY_EXHAUSTED = auto()
    INTERNAL = auto()


class Action(Word):
    """What the service did about a cause; a route's fallback table is written in these words."""

    ANSWER = auto()
    NEXT_MODEL = auto()
    SHORTER_PROMPT = auto()
    REPAIR = auto()
    CACHED_ANSWER = auto()
    PASSAGES_ONLY = auto()
    CUT_SHORT = auto()
    ABSTAIN = auto()
    QUEUE = auto()
    REVIEW = auto()
    BLOCK = auto()
    FAIL_SAFE = auto()


class NextStep(Word):
    """What the caller should do."""

    SHOW = auto()
    SHOW_WITH_CAUTION = auto()
    REPHRASE = auto()
    WAIT_FOR_OPERATION = auto()
    WAIT_FOR_REVIEW = auto()
    RETRY_AFTER = auto()
    DO_NOT_RETRY = auto()


class Stage(Word):
    """A part of the path."""

    NORMALIZE = auto()
    SCREEN_QUESTION = auto()
    CACHE = auto()
    REWRITE = auto()
    RETRIEVE = auto()
    SCREEN_EVIDENCE = auto()
    SELECT = auto()
    PROMPT = auto()
    GENERATE = auto()
    CHECK = auto()
    SCREEN_ANSWER = auto()
    VALIDATE = auto()
    DECIDE = auto()


class Screen(Word):
    """A place where guards look at text."""

    QUESTION = auto()
    EVIDENCE = auto()
    ANSWER = auto()
    DOCUMENT = auto()


class GuardAction(Word):
    """What a guard's finding leads to, the gravest first."""

    BLOCK = auto()
    QUARANTINE = auto()
    MASK = auto()
    DROP = auto()
    DISTRUST = auto()
    FLAG = auto()


class WithoutGuard(Word):
    """What a screen does while a guard cannot be asked."""

    OPEN = auto()
    CLOSED = auto()


class Rewriting(Word):
    """How a question was put so that it needs no earlier turns."""

    NONE = auto()
    RULES = auto()
    MODEL = auto()


class Confidence(Word):
    """The model's own confidence, the least first."""

    LOW = auto()
    MEDIUM = auto()
    HIGH = auto()

    def and_(self, other: "Confidence | None") -> "Confidence":
        """That of what two have written together: the lower."""
        return self if other is None else min(self, other, key=_CONFIDENCES.index)


_CONFIDENCES: Final = tuple(Confidence)


class Verdict(Word):
    """How a sentence stands to its evidence: from the strongest to the weakest, then the one that decides nothing."""

    VERBATIM = auto()
    ENTAILED = auto()
    CONSISTENT = auto()
    UNSUPPORTED = auto()
    CONTRADICTED = auto()
    NOT_A_CLAIM = auto()

    @property
    def verifies(self) -> bool:
        """Whether a sentence of this verdict does not keep its text from being called verified."""
        return self in {Verdict.VERBATIM, Verdict.ENTAILED, Verdict.NOT_A_CLAIM}

    @staticmethod
    def weakest(verdicts: "Iterable[Verdict]") -> "Verdict | None":
        """Return the weakest verdict of a claim; None where nothing is claimed."""
        claims = [verdict for verdict in verdicts if verdict is not Verdict.NOT_A_CLAIM]
        return max(claims, key=_VERDICTS.index, default=None)


_VERDICTS: Final = tuple(Verdict)


class ConflictKind(Word):
    """The rule that objects to a sentence."""

    NUMBER = auto()
    DATE = auto()
    UNIT = auto()
    NAME = auto()
    NEGATION = auto()
    QUANTIFIER = auto()
    COMPARISON = auto()
    ROLE = auto()
    CONDITION = auto()
    UNCOVERED = auto()
    MODALITY = auto()
    ATTRIBUTION = auto()
    OPERATOR = auto()
    MARKUP = auto()
    LANGUAGE = auto()
    UNTRUSTED = auto()
    COMMAND = auto()


class Assurance(Word):
    """How far a stretch of text was checked before it left, the least first."""

    PROVISIONAL = auto()
    CHECKED = auto()
    VERIFIED = auto()


class Purpose(Word):
    """What a model was asked for."""

    ANSWER = auto()
    REWRITE = auto()
    CHECK = auto()
    GUARD = auto()
    REPAIR = auto()
    EMBED = auto()
    SHADOW = auto()
    RERANK = auto()


class Priority(Word):
    """Who waits for whom when there is too much to do."""

    INTERACTIVE = auto()
    BACKGROUND = auto()
    EVALUATION = auto()


class LimitKind(Word):
    """What a limit bounds; the configuration's keys are these words in lower case."""

    REQUESTS_PER_SECOND = auto()
    REQUESTS_PER_MINUTE = auto()
    TOKENS_PER_MINUTE = auto()
    COST_PER_DAY = auto()
    COST_PER_MONTH = auto()
    CONCURRENT_CALLS = auto()
    QUESTION_CHARS = auto()
    PASSAGES = auto()
    PROMPT_TOKENS = auto()
    OUTPUT_TOKENS = auto()
    TIMEOUT_SECONDS = auto()
    TOKENS_PER_CALL = auto()
    COST_PER_CALL = auto()


class LimitMode(Word):
    """What a limit does."""

    ENFORCED = auto()
    SHADOW = auto()


class LimitScope(Word):
    """What a limit keeps separate counts for."""

    TENANT = auto()
    SUBJECT = auto()
    END_USER = auto()
    ROUTE = auto()


class WithoutStore(Word):
    """What a route does while the store of counts cannot be asked."""

    OPEN = auto()
    CLOSED = auto()


class Loss(Word):
    """What a degraded outcome has given up."""

    SIMPLER_MODEL = auto()
    FEWER_PASSAGES = auto()
    ANSWER = auto()
    REST_OF_ANSWER = auto()
    SENTENCES_BELOW_MINIMUM = auto()
    SENTENCES_DROPPED = auto()
    TEXT_MASKED = auto()


class ReleaseMinimum(Word):
    """The weakest verdict that a route lets leave."""

    CONSISTENT = auto()
    VERIFIED = auto()


class BelowMinimum(Word):
    """What happens to a sentence below it."""

    FAIL = auto()
    CAUTION = auto()
    DROP = auto()


class OperationState(Word):
    """Where a queued answer is."""

    QUEUED = auto()
    RUNNING = auto()
    IN_REVIEW = auto()
    DONE = auto()
    HALTED = auto()


class CacheKey(Word):
    """One thing that must agree for an earlier answer to stand in."""

    QUESTION = auto()
    TURNS = auto()
    SEARCH = auto()
    ROUTE = auto()
    PROMPT = auto()
    CORPUS_VERSION = auto()
    PRINCIPALS = auto()
    CITED_PASSAGES = auto()
    PROVIDED = auto()
    EXPERIMENT_ARM = auto()
    MODELS = auto()
    POLICY = auto()
    GUARDS = auto()
    CHECKER = auto()
    CONTEXT = auto()


class CacheResult(Word):
    """What looking for an earlier answer came to."""

    HIT = auto()
    JOINED = auto()
    """Another call was asking the same, and its answer was waited for."""
    STALE = auto()
    MISS = auto()


class CacheStaleness(Word):
    """Why an earlier answer does not hold: what has changed since, or its age."""

    AGE = auto()
    PROMPT = auto()
    MODELS = auto()
    GUARDS = auto()
    CHECKER = auto()
    POLICY = auto()
    CORPUS_VERSION = auto()
    CITED_PASSAGES = auto()
    STORE_UNAVAILABLE = auto()
    """The store cannot be asked, and without it the answer may not be shown."""


class CacheAccept(Word):
    """Which answers a route keeps."""

    VERIFIED = auto()
    ANSWERED = auto()


class CacheValidity(Word):
    """How long an earlier answer holds while documents change."""

    CORPUS_UNCHANGED = auto()
    CITED_UNCHANGED = auto()


class StreamMode(Word):
    """When text may leave."""

    CHECKED = auto()
    PROVISIONAL = auto()


class Feature(Word):
    """A part of the contract that a server may not offer."""

    RESUMABLE_STREAMS = auto()
    QUEUED_ANSWERS = auto()
    REVIEWS = auto()
    GROUNDING_CHECKS = auto()
    ERASURE = auto()
    WEBHOOKS = auto()
    RECORD_ERASURE = auto()
    FEEDBACK = auto()
    USAGE = auto()
    AUDIT = auto()
    PROMPTS = auto()
    EXPERIMENTS = auto()
    RECORDINGS = auto()


class Reason(Word):
    """Why a call failed; the `reason` of its ErrorInfo."""

    INVALID_REQUEST = auto()
    ROUTE_UNKNOWN = auto()
    DOCUMENT_NOT_FOUND = auto()
    REVISION_MISMATCH = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    REQUEST_ID_REUSED = auto()
    REQUEST_IN_FLIGHT = auto()
    RUN_NOT_FOUND = auto()
    OPERATION_NOT_FOUND = auto()
    REVIEW_NOT_FOUND = auto()
    REVIEW_CLAIMED = auto()
    REVIEW_NOT_CLAIMED = auto()
    REVIEW_DECIDED = auto()
    FEATURE_NOT_OFFERED = auto()
    CONTENT_FORBIDDEN = auto()
    GUARD_UNAVAILABLE = auto()
    STORE_UNAVAILABLE = auto()
    STORE_MISCONFIGURED = auto()
    EMBEDDER_UNAVAILABLE = auto()
    DEADLINE_EXCEEDED = auto()
    CANCELLED = auto()
    SHUTTING_DOWN = auto()
    QUOTA_EXCEEDED = auto()
    LIMITS_UNAVAILABLE = auto()
    OVERLOADED = auto()
    INTERNAL = auto()
    RUN_UNREACHABLE = auto()
    OPERATION_EXPIRED = auto()
    RIGHTS_WITHDRAWN = auto()
    OPERATION_NOT_HALTED = auto()
    QUEUE_FULL = auto()
    RECORDS_UNAVAILABLE = auto()
    ERASED = auto()
    REVIEW_CHANGED = auto()
    REVIEW_OWN = auto()
    REVIEW_NO_DRAFT = auto()
    REVIEW_TEXT_UNSUPPORTED = auto()
    PROMPT_NOT_FOUND = auto()
    PROMPT_INVALID = auto()
    PROMPT_VERSION_EXISTS = auto()
    PROMPT_LABEL_CHANGED = auto()
    EXPERIMENT_NOT_FOUND = auto()
    EXPERIMENT_INVALID = auto()
    EXPERIMENT_CHANGED = auto()
    EXPERIMENT_ENDED = auto()
    RECORDING_NOT_FOUND = auto()
