"""A rater of texts that is sent placeholders."""

from dataclasses import replace

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.reranker.instrumented import TextRater
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.reranking import RerankReply, RerankRequest


class MaskingTextRater:
    """A TextRater that is sent placeholders, the same for the same words of the question and the texts.

    Args:
        inner: rates.
        masker: says what it must not be sent.
    """

    def __init__(self, inner: TextRater, masker: Masker) -> None:
        self._inner = inner
        self._masker = masker

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply:
        """Return one rating for each text; see the inner rater."""
        placeholders = self._masker.numbered([*request.texts, request.question])
        masked = replace(
            request,
            question=placeholders.mask(request.question),
            texts=tuple(map(placeholders.mask, request.texts)),
        )
        return await self._inner.rate(masked, deadline)
