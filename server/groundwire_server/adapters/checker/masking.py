"""A rater of sentences that is sent placeholders."""

from dataclasses import replace

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    SentenceToCheck,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.ports.checker import Rater


class MaskingRater:
    """A Rater that is sent placeholders, the same for the same words of the question, the passages and the sentences.

    Args:
        inner: rates.
        masker: says what it must not be sent.
    """

    def __init__(self, inner: Rater, masker: Masker) -> None:
        self._inner = inner
        self._masker = masker

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence; see the inner rater."""
        sentences = request.sentences
        texts = [*request.passages, request.question, *(sentence.text for sentence in sentences)]
        placeholders = self._masker.numbered(texts)
        masked = replace(
            request,
            question=placeholders.mask(request.question),
            passages=tuple(map(placeholders.mask, request.passages)),
            sentences=tuple(SentenceToCheck(placeholders.mask(each.text), each.passages) for each in sentences),
        )
        return await self._inner.check(masked, deadline)

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return the probability that the passages hold the answer; see the inner rater."""
        placeholders = self._masker.numbered([*request.passages, request.question])
        masked = replace(
            request,
            question=placeholders.mask(request.question),
            passages=tuple(map(placeholders.mask, request.passages)),
        )
        return await self._inner.rate_sufficiency(masked, deadline)
