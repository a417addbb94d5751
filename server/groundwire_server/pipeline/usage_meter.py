"""Metering the usage of a model call, and settling its cost."""

import asyncio
from typing import Self

from opentelemetry.trace import get_current_span

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.consumption import estimated
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Usage
from groundwire_server.domain.price import Price
from groundwire_server.ports.budget import Budget, Holding
from groundwire_server.ports.tokens import ESTIMATED_TOKENS, ModelTokens
from groundwire_server.telemetry import names


class UsageMeter:
    """The usage of one call: the maximum cost is reserved before it, and the actual cost settled after it.

    Tokens are counted here if the provider gave no count, because it never does or because the call was interrupted.

    Args:
        request: what the model is asked.
        price: of its tokens; None costs nothing.
        budget: what the requester may consume; None has no bound.
        allowance: what the call may consume.
        tokens: of the model.
        input_tokens: of the prompt; None where they were not counted yet.

    Attributes:
        usage: what was consumed, once the call has ended.
    """

    def __init__(
        self,
        request: GenerationRequest,
        price: Price | None,
        budget: Budget | None,
        allowance: Allowance,
        tokens: ModelTokens = ESTIMATED_TOKENS,
        input_tokens: int | None = None,
    ) -> None:
        self._request = request
        self._input_tokens = tokens.of_prompt(request.prompt) if input_tokens is None else input_tokens
        self._price = price
        self._tokens = tokens
        self._held = Holding(budget, allowance)
        self._written: list[str] = []
        self._counted: Usage | None = None
        self.usage = Usage()

    async def __aenter__(self) -> Self:
        most = Usage(self._input_tokens, self._request.max_output_tokens)
        await self._held.reserve(self._request.requester, self._priced(most))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        self.usage = self._priced(self._counted or self._estimated(raised))
        self._held.settle(self.usage)
        get_current_span().set_attributes(
            {
                names.MODEL: self._request.model,
                names.INPUT_TOKENS: self.usage.input_tokens,
                names.CACHED_TOKENS: self.usage.cached_input_tokens,
                names.OUTPUT_TOKENS: self.usage.output_tokens,
                names.USAGE_ESTIMATED: self.usage.estimated,
                names.COST: self.usage.cost_micros,
                names.CURRENCY: self.usage.currency,
            }
        )

    def wrote(self, text: str) -> None:
        """Record text that the model has written."""
        self._written.append(text)

    def counted(self, usage: Usage) -> None:
        """Record the count of the provider."""
        self._counted = usage

    def _priced(self, usage: Usage) -> Usage:
        return usage if self._price is None else self._price.of(usage)

    def _estimated(self, raised: BaseException | None) -> Usage:
        if raised is None or isinstance(raised, asyncio.CancelledError | GeneratorExit):
            return self._counted_here(None)
        return self._counted_here(raised) if isinstance(raised, Failure) else Usage()

    def _counted_here(self, failure: Failure | None) -> Usage:
        return estimated(self._request, self._written, failure, self._tokens.counter.count)
