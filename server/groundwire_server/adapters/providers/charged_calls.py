"""Calls of a model whose responses are read whole, with all that surrounds their requests but the span."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

from opentelemetry.trace import get_current_span

from groundwire_server.adapters.providers.charges import Account, Charge, Charges
from groundwire_server.adapters.resilience.call_policy import CallPolicy
from groundwire_server.domain.consumption import ChargedFailure, has_read
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.text.tokens import BYTES_PER_TOKEN
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry import names

T = TypeVar("T")

Read: TypeAlias = Callable[[bytes], tuple[T, Usage | None]]
"""Reads the body of a response: what it says, and what the model counted, if it did."""


class Transport(Protocol):
    """What carries requests to a model's server, and their responses back."""

    async def post(self, body: bytes, deadline: Deadline) -> bytes:
        """Send one request, and return the body of its response.

        Raises:
            Failure: one of the MODEL_ causes, or PROMPT_TOO_LONG.
        """
        ...


class Send(Protocol):
    """Sends the body of one request, and reads the response to it."""

    async def __call__(self, body: bytes, read: Read[T]) -> T: ...  # noqa: D102


class ChargedCalls:
    """The calls of one model, which have a circuit, and each of their requests money, a slot and retries.

    Args:
        transport: carries the requests.
        policy: what surrounds them.
        request_seconds: of an attempt, until its last byte.
        charges: money for them.
    """

    def __init__(self, transport: Transport, policy: CallPolicy, request_seconds: float, charges: Charges) -> None:
        self._transport = transport
        self._policy = policy
        self._request_seconds = request_seconds
        self._charges = charges

    async def call(self, account: Account, deadline: Deadline, ask: Callable[[Send], Awaitable[T]]) -> tuple[T, Usage]:
        """Make one call, and return what it brings, with what it consumed.

        Args:
            account: what it is charged to.
            deadline: when it must have ended.
            ask: sends the call's requests, one after the other or side by side.

        Raises:
            ChargedFailure: of the request that failed.
        """
        get_current_span().set_attribute(names.CIRCUIT, self._policy.circuit.state.value)
        requests = _Requests(self._transport, self._policy, self._request_seconds, self._charges, account, deadline)
        try:
            with self._policy.circuit.guard(account.requester.tenant) as call:
                if not deadline.remaining(asyncio.get_running_loop().time()):
                    raise Failure(Cause.MODEL_TIMEOUT)
                found = await ask(requests.send)
                call.succeeded()
        except Failure as failure:
            raise ChargedFailure(failure, requests.usage) from None
        return found, requests.usage


class _Requests:
    """The requests of one call."""

    def __init__(
        self,
        transport: Transport,
        policy: CallPolicy,
        request_seconds: float,
        charges: Charges,
        account: Account,
        deadline: Deadline,
    ) -> None:
        self.usage = Usage()
        self._transport = transport
        self._policy = policy
        self._request_seconds = request_seconds
        self._charges = charges
        self._account = account
        self._deadline = deadline

    async def send(self, body: bytes, read: Read[T]) -> T:
        estimate = Usage(-(-len(body) // BYTES_PER_TOKEN), estimated=True)
        charge = Charge()
        try:
            async with (
                self._charges.reserved(charge, self._account, estimate),
                self._policy.slots(self._account.requester, self._deadline),
            ):
                attempt = partial(self._attempt, body, read, charge, estimate)
                return await self._policy.retries.run(attempt, self._deadline, get_current_span())
        finally:
            self.usage += charge.usage

    async def _attempt(self, body: bytes, read: Read[T], charge: Charge, estimate: Usage) -> T:
        charge.usage = estimate
        bound = Deadline(asyncio.get_running_loop().time() + self._request_seconds)
        try:
            async with asyncio.timeout_at(bound.at if bound < self._deadline else None):
                found, counted = read(await self._transport.post(body, self._deadline))
        except TimeoutError:
            raise Failure(Cause.MODEL_SLOW_START) from None
        except Failure as failure:
            self._policy.failed(failure)
            if not has_read(failure):
                charge.usage = Usage()
            raise
        charge.usage = counted or estimate
        return found
