"""A checker of the configuration: what identifies it, and a span around each of its calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opentelemetry.trace import Span

from groundwire_server.adapters.resilience.instrumentation import CurrentSpan, Instrumentation
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    EntailmentThresholds,
    SentenceToCheck,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.text.encodable import encodable
from groundwire_server.ports.checker import Rater
from groundwire_server.telemetry import names

_ENTAILMENT = "entailment"
_SUFFICIENCY = "sufficiency"


@dataclass(frozen=True, slots=True)
class CheckerIdentity:
    """What a checker is known by.

    Attributes:
        name: in the configuration.
        model: the alias under which its usage is counted.
        fingerprint: of all that decides a probability.
        thresholds: from which it is believed.
    """

    name: str
    model: str
    fingerprint: str
    thresholds: EntailmentThresholds


class InstrumentedChecker:
    """The Checker whose calls have a span, with one event for each sentence that it rates.

    Args:
        inner: rates.
        identity: what it is known by.
        instrumentation: makes the spans.
    """

    def __init__(self, inner: Rater, identity: CheckerIdentity, instrumentation: Instrumentation) -> None:
        self.name = identity.name
        self.model = identity.model
        self.fingerprint = identity.fingerprint
        self.thresholds = identity.thresholds
        self._inner = inner
        self._instrumentation = instrumentation
        self._attributes = {names.CHECKER: identity.name, names.CHECKER_FINGERPRINT: identity.fingerprint}

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence, in order."""
        request = replace(
            request,
            question=encodable(request.question),
            passages=tuple(map(encodable, request.passages)),
            sentences=tuple(SentenceToCheck(encodable(each.text), each.passages) for each in request.sentences),
        )
        with self._instrumentation.span(self._attributes, deadline) as span, CurrentSpan(span):
            reply = await self._inner.check(request, deadline)
            self._record(span, _ENTAILMENT, reply.probabilities, reply.usage)
            return reply

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return the probability that the passages hold the answer."""
        request = replace(
            request, question=encodable(request.question), passages=tuple(map(encodable, request.passages))
        )
        with self._instrumentation.span(self._attributes, deadline) as span, CurrentSpan(span):
            reply = await self._inner.rate_sufficiency(request, deadline)
            self._record(span, _SUFFICIENCY, (reply.probability,), reply.usage)
            return reply

    def _record(self, span: Span, metric: str, probabilities: Sequence[float | None], usage: Usage) -> None:
        for probability in probabilities:
            event: dict[str, str | float] = {names.GEN_AI_EVALUATION_NAME: metric}
            if probability is not None:
                event[names.GEN_AI_EVALUATION_SCORE] = probability
            if metric == _ENTAILMENT:
                event[names.GEN_AI_EVALUATION_LABEL] = self.thresholds.opinion(probability).value
            span.add_event(names.GEN_AI_EVALUATION_RESULT, event)
        if usage != Usage():
            self._instrumentation.consumed(span, usage)
