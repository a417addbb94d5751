"""A reranker behind a `/rerank` endpoint."""

from collections.abc import Sequence
from typing import Final

from pydantic_core import to_json

from groundwire_server.adapters.providers.charged_calls import ChargedCalls, Send
from groundwire_server.adapters.providers.charges import Account
from groundwire_server.adapters.reranker.batches import rate_in_batches
from groundwire_server.adapters.reranker.dialects import DIALECTS
from groundwire_server.adapters.reranker.options import EndpointRerankerOptions
from groundwire_server.adapters.reranker.reading import ratings_in
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.reranking import RerankReply, RerankRequest
from groundwire_server.domain.text.tokens import BYTES_PER_TOKEN

PATH: Final = "/rerank"
"""Where requests go, behind the provider's base."""


class EndpointReranker:
    """The rater of texts at an endpoint.

    Args:
        calls: sends its requests.
        options: of the model.
    """

    def __init__(self, calls: ChargedCalls, options: EndpointRerankerOptions) -> None:
        self._calls = calls
        self._options = options
        self._dialect = DIALECTS[options.api]

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply:
        """Return one rating for each text, in order."""
        question, texts = request.question, [self._cut(text) for text in request.texts]

        async def ask(send: Send) -> list[float]:
            async def rate(batch: Sequence[int]) -> Sequence[float]:
                return await self._rate(question, [texts[index] for index in batch], send)

            return await rate_in_batches(range(len(texts)), self._options.batch.texts, rate)

        ratings, usage = await self._calls.call(Account(request.requester, request.allowance), deadline, ask)
        return RerankReply(tuple(ratings), usage)

    async def _rate(self, question: str, texts: Sequence[str], send: Send) -> Sequence[float]:
        options, dialect = self._options, self._dialect
        body = dialect.body(options.model, question, texts, options.scores)
        return await send(to_json(body), lambda reply: ratings_in(reply, texts, dialect, options.scores))

    def _cut(self, text: str) -> str:
        return text.encode()[: self._options.batch.text_tokens * BYTES_PER_TOKEN].decode("utf-8", "ignore")
