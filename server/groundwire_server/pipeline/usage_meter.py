"""Metering the usage of a model call, and settling its cost."""

import asyncio
from typing import Self

from opentelemetry.trace import get_current_span

from groundwire_server.domain.consumption import estimated, prompt_tokens
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Usage
from groundwire_server.domain.price import Price, Reservation
from groundwire_server.ports.budget import Budget
from groundwire_server.telemetry import names


class UsageMeter:
    """The usage of one call: the maximum cost is reserved before it, and the actual cost settled after it.

    Tokens are estimated if the provider gave no count, because it never does or because the call was interrupted.

    Args:
        request: what the model is asked.
        price: of its tokens; None costs nothing.
        budget: where the money comes from; None has no bound.

    Attributes:
        usage: what was consumed, once the call has ended.
    """

    def __init__(self, request: GenerationRequest, price: Price | None, budget: Budget | None) -> None:
        self._request = request
        self._price = price
        self._budget = budget
        self._reserved: Reservation | None = None
        self._written: list[str] = []
        self._counted: Usage | None = None
        self.usage = Usage()

    def __enter__(self) -> Self:
        if self._price is not None and self._budget is not None:
            most = self._price.of(Usage(prompt_tokens(self._request.prompt), self._request.max_output_tokens))
            self._reserved = self._budget.reserve(self._request.requester.tenant, most.cost_micros)
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        usage = self._counted or self._estimated(raised)
        self.usage = usage if self._price is None else self._price.of(usage)
        if self._reserved is not None and self._budget is not None:
            self._budget.settle(self._reserved, self.usage.cost_micros)
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

    def _estimated(self, raised: BaseException | None) -> Usage:
        if raised is None or isinstance(raised, asyncio.CancelledError | GeneratorExit):
            return estimated(self._request, self._written, None)
        return estimated(self._request, self._written, raised) if isinstance(raised, Failure) else Usage()
