"""The decision event: what became of one request. The log line, the span and the reference are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeAlias

from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.guards.finding import Flag, PolicyBlock
from groundwire_server.domain.outcome import ModelAttempt, RatedPassage, StageTiming
from groundwire_server.domain.vocabulary import (
    Action,
    CacheResult,
    CacheStaleness,
    Cause,
    Confidence,
    ConflictKind,
    Loss,
    NextStep,
    Reason,
    Rewriting,
    StreamMode,
    Verdict,
)
from groundwire_server.telemetry import names

AttributeValue: TypeAlias = str | bool | int | float

EVENT_NAME: Final = "groundwire.decision"
"""The event's name, as OpenTelemetry's logs have names."""

SHADOW_EVENT_NAME: Final = "groundwire.shadow"
"""The name of the event of a comparison."""

_MS: Final = 1000.0


def _always(text: str) -> Any:
    """Declare a field that every event has, by what it says."""
    return field(metadata={"about": text, "span": ""})


def _about(text: str, span: str = "") -> Any:
    """Declare a field that may not apply.

    Args:
        text: what it says.
        span: the attribute of the RPC span that carries it too.
    """
    return field(default=None, metadata={"about": text, "span": span})


@dataclass(frozen=True, slots=True)
class ComparedAnswer:
    """An answer that left, as its comparison with one in the shadow has it.

    Attributes:
        model: the alias of the model that wrote it.
        outcome: the kind of outcome.
        seconds: how long models wrote, over all attempts.
        usage: what they consumed for it.
    """

    model: str
    outcome: str
    cause: Cause
    grounding_score: float | None
    judged: Mapping[Verdict, int]
    seconds: float
    usage: Usage


# Not frozen: every call makes one, and to set a field of what is frozen takes three times as long.
@dataclass(slots=True, kw_only=True)
class DecisionEvent:
    """One request and what became of it; times in seconds. What does not apply is None."""

    method: str = _always(
        "The method that was called; `process operation` for an attempt of a worker at a queued answer."
    )
    status: str = _always("The status that the call ended with, such as `OK`.")
    reason: Reason | None = _about("Why the call failed; one of the error reasons.")
    request_id: str = _always("The caller's request id, or the one that the server chose.")
    trace_id: str = _always("The id of the call's trace.")
    run_trace_id: str | None = _about(
        "The id of the trace that tells how the answer came about, where another call's run wrote it."
    )
    tenant: str = _always("The caller's tenant.")
    subject: str = _always("A hash of the caller's subject within its tenant.")
    route: str | None = _about("The route that was used.", names.ROUTE)
    mode: StreamMode | None = _about("When text of the stream may leave; none for a unary answer.", names.MODE)
    outcome: str | None = _about("The kind of outcome.", names.OUTCOME)
    cause: Cause | None = _about("What happened.", names.CAUSE)
    action: Action | None = _about("What was done about it.", names.ACTION)
    next_step: NextStep | None = _about("What the caller should do next.", names.NEXT_STEP)
    losses: tuple[Loss, ...] | None = _about("What a degraded outcome lacks.")
    retry_after: float | None = _about("When the same question may fare better.")
    response_valid: bool | None = _about(
        "Whether what the last model wrote passed every check; none where no model was asked.", names.RESPONSE_VALID
    )
    confidence: Confidence | None = _about("The confidence of the answer.", names.CONFIDENCE)
    grounding_score: float | None = _about("How well the answer is supported, 0 to 1.", names.GROUNDING)
    verdicts: Mapping[Verdict, int] | None = _about("How many sentences of the answer have each verdict.")
    sentences_dropped: int | None = _about("How many sentences were left out of the answer.")
    sentences_judged: Mapping[Verdict, int] | None = _about(
        "How many sentences of all that models wrote had each verdict, whether they left or not."
    )
    conflicts: Mapping[ConflictKind, int] | None = _about(
        "How many places in those sentences depart from their passages, by kind."
    )
    flags: Mapping[Flag, int] | None = _about(
        "What guards found: screen, guard, version, category, action, and in how many texts."
    )
    guards_unavailable: tuple[str, ...] | None = _about("The guards that could not be asked.")
    blocked: PolicyBlock | None = _about("What forbids an answer: the guard, its version and the category.")
    citations: int | None = _about("How many citations the answer has.", names.CITATIONS)
    prompt: str | None = _about("The name of the last prompt.", names.PROMPT_NAME)
    prompt_version: str | None = _about("Its version.", names.PROMPT_VERSION)
    experiment_arm: str | None = _about("The arms of experiments that it belongs to.", names.EXPERIMENT_ARM)
    corpus_version: str | None = _about("The version of the corpus that was searched.", names.CORPUS_VERSION)
    cache: CacheResult | None = _about("What looking for an earlier answer came to.", names.CACHE)
    cache_staleness: CacheStaleness | None = _about("Why the one that was found does not hold.", names.CACHE_STALENESS)
    cache_age: float | None = _about("How old the earlier answer is that was returned.", names.CACHE_AGE)
    rewriting: Rewriting | None = _about(
        "How a question with earlier turns was put so that it needs none: left as it is, by rules or by a model.",
        names.REWRITING,
    )
    routing_rule: str | None = _about("The rule that chose the models to ask.", names.ROUTING_RULE)
    found: int | None = _about("How many passages the search found.", names.PASSAGES_FOUND)
    best_relevance: float | None = _about("The relevance of the best of them, 0 to 1.", names.BEST_RELEVANCE)
    passages: tuple[RatedPassage, ...] | None = _about("The passages that a prompt could use, with their relevance.")
    attempts: tuple[ModelAttempt, ...] | None = _about(
        "The models that were asked, in order: alias, provider and model, which fallback it was, and why it failed."
    )
    usage: tuple[ModelUsage, ...] | None = _about("Tokens and cost of each model for each purpose.")
    stages: tuple[StageTiming, ...] | None = _about("How long each stage took, its runs added up.")
    first_text: float | None = _about("Until the model's first text.", names.FIRST_TEXT)
    limits_in_shadow: tuple[str, ...] | None = _about(
        "The limits in shadow that would have refused the call, or a model for it."
    )
    limits_unchecked: bool | None = _about(
        "True where the call went on though its limits could not be checked.", names.LIMITS_UNCHECKED
    )
    duration: float = _always("Until the call's end.")
    deadline: float | None = _about("The time that the caller gave.", names.DEADLINE)
    left: float | None = _about("The time that was left at the end.", names.DEADLINE_LEFT)
    abandoned: bool | None = _about("True for work that ended after its call had; the call has an event of its own.")
    operation: str | None = _about(
        "The operation that the caller waits for, queued or in review, or that a worker was at.", names.OPERATION
    )
    review: str | None = _about("The ticket of the review that the answer waits for.", names.TICKET)
    operation_attempt: int | None = _about("How often a worker had taken it up, this time included.")
    operation_result: str | None = _about(
        "What became of the attempt: COMPLETED, RETRIED (or halted), RELEASED, REFUSED, IN_REVIEW or LOST."
    )
    shadow_of: ComparedAnswer | None = _about(
        "Of the event `groundwire.shadow` alone, whose other fields describe an answer in the shadow, which nobody "
        "saw: the one that left."
    )


@dataclass(frozen=True, slots=True)
class DecisionField:
    """A field of the event, as the reference describes it.

    Attributes:
        name: of the field in the log.
        about: what it says.
        attribute: of the RPC span that carries it too; empty where none does.
    """

    name: str
    about: str
    attribute: str


def decision_fields() -> tuple[DecisionField, ...]:
    """Return the fields of the event, in their order."""
    return tuple(
        DecisionField(_log_name(each.name), each.metadata["about"], each.metadata["span"])
        for each in fields(DecisionEvent)
    )


def log_fields(event: DecisionEvent) -> dict[str, object]:
    """Return an event as the fields of a log line, without those that do not apply; times in milliseconds."""
    found: dict[str, object] = {}
    for name in _NAMES:
        value = getattr(event, name)
        if value is not None and value != ():
            found[_log_name(name)] = _WRITTEN[name](value) if name in _WRITTEN else value
    return found


def span_attributes(event: DecisionEvent) -> dict[str, AttributeValue]:
    """Return what an event adds to the RPC span."""
    found: dict[str, AttributeValue] = {}
    for name, attribute in _ATTRIBUTES:
        value = getattr(event, name)
        if value is not None:
            found[attribute] = value
    return found


def _log_name(name: str) -> str:
    return f"{name}_ms" if name in _TIMES else name


def _milliseconds(seconds: float) -> float:
    return round(seconds * _MS, 3)


def _share(value: float) -> float:
    return round(value, 3)


def _stages(timings: tuple[StageTiming, ...]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for timing in timings:
        sums[timing.stage] = round(sums.get(timing.stage, 0.0) + timing.duration * _MS, 3)
    return sums


def _attempts(attempts: tuple[ModelAttempt, ...]) -> list[dict[str, str]]:
    return [
        {
            "model": each.model,
            **({"provider": each.identity.provider, "provider_model": each.identity.name} if each.identity else {}),
            "action": each.action,
            **({"cause": each.cause} if each.cause else {}),
        }
        for each in attempts
    ]


def _usage(usage: tuple[ModelUsage, ...]) -> list[dict[str, str | int | bool]]:
    return [
        {
            "model": each.model,
            "purpose": each.purpose,
            "input_tokens": each.usage.input_tokens,
            "cached_input_tokens": each.usage.cached_input_tokens,
            "output_tokens": each.usage.output_tokens,
            "estimated": each.usage.estimated,
            "cost_micros": each.usage.cost_micros,
            "currency": each.usage.currency,
        }
        for each in usage
    ]


def _passages(passages: tuple[RatedPassage, ...]) -> list[dict[str, str | float]]:
    return [{"chunk_id": each.chunk_id, "relevance": round(each.relevance, 3)} for each in passages]


def _compared(answer: ComparedAnswer) -> dict[str, Any]:
    score = answer.grounding_score
    return {
        "model": answer.model,
        "outcome": answer.outcome,
        "cause": answer.cause,
        **({} if score is None else {"grounding_score": _share(score)}),
        "sentences_judged": answer.judged,
        "generate_ms": _milliseconds(answer.seconds),
        "cost_micros": answer.usage.cost_micros,
        "currency": answer.usage.currency,
    }


def _flags(flags: Mapping[Flag, int]) -> list[dict[str, str | int]]:
    return [
        {
            "screen": flag.screen,
            "guard": flag.guard.name,
            "version": flag.guard.version,
            "category": flag.category,
            "action": flag.action,
            "count": count,
        }
        for flag, count in flags.items()
    ]


def _block(block: PolicyBlock) -> dict[str, str]:
    return {"guard": block.guard.name, "version": block.guard.version, "category": block.category}


_TIMES: Final = frozenset({"stages", "first_text", "duration", "deadline", "left", "retry_after", "cache_age"})
_WRITTEN: Final[Mapping[str, Any]] = {
    "best_relevance": _share,
    "grounding_score": _share,
    "passages": _passages,
    "attempts": _attempts,
    "usage": _usage,
    "stages": _stages,
    "shadow_of": _compared,
    "flags": _flags,
    "blocked": _block,
    **dict.fromkeys(_TIMES - {"stages"}, _milliseconds),
}
"""Fields whose values are written in a form of their own."""
_NAMES: Final = tuple(each.name for each in fields(DecisionEvent))
_ATTRIBUTES: Final = tuple(
    (each.name, each.metadata["span"]) for each in fields(DecisionEvent) if each.metadata["span"]
)
