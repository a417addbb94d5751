"""One index of Pinecone: every call is bounded and traced, and its errors are translated."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar
from urllib.parse import urlsplit

from opentelemetry.trace import Span, SpanKind, StatusCode
from pinecone import AsyncIndex, RetryConfig

from groundwire_server.adapters.resilience.fair_limiter import FairLimiter
from groundwire_server.adapters.resilience.instrumentation import CallMetrics, cut_off
from groundwire_server.adapters.store.pinecone.failures import PineconeFailure, PineconeFault, map_failures
from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Priority
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import metrics, names

_LOG = logging.getLogger(__name__)

T = TypeVar("T")
_Attributes: TypeAlias = Mapping[str, str | int | float]

SYSTEM: Final = "pinecone"
_FIRST_PAUSE: Final = 0.05
_FAIR_SECONDS: Final = 0.5
"""What a call must have had for its lateness to be Pinecone's fault, and not that of its caller's deadline."""
_REPEATED: Final = frozenset({PineconeFault.UNAVAILABLE, PineconeFault.THROTTLED})


@dataclass(frozen=True, slots=True)
class PineconeCall:
    """A call, as its span describes it.

    Attributes:
        name: Pinecone's name of the operation.
        tenant: the tenant, by its own name; empty for a call about the index.
        attributes: further attributes that are known before the call.
        priority: whether it waits for others when there are too many.
    """

    name: str
    tenant: str = ""
    attributes: _Attributes | None = None
    priority: Priority = Priority.INTERACTIVE


class PineconeIndex:
    """A client of one index. Nothing is sent before the first call.

    Args:
        host: its URL.
        options: of the store.
        slots: the calls in flight of the store.
        clock: of the event loop.
        recording: takes spans and metrics.
    """

    def __init__(
        self, host: str, options: PineconeOptions, slots: FairLimiter, clock: Clock, recording: Recording
    ) -> None:
        self._host = host
        self._options = options
        self._slots = slots
        self._clock = clock
        self._recording = recording
        address = urlsplit(host)
        self._server: _Attributes = {
            names.SERVER_ADDRESS: address.hostname or "",
            names.SERVER_PORT: address.port or (443 if address.scheme == "https" else 80),
        }
        self._client = AsyncIndex(
            host=host,
            api_key=options.api_key.reveal(),
            timeout=options.call_seconds,
            ssl_ca_certs=None if options.ca is None else str(options.ca),
            connection_pool_maxsize=options.max_concurrent,
        )
        # Its own repetitions know no deadline, and it has no option to leave them out.
        http = self._client._http  # noqa: SLF001 - see above
        http._config = replace(http._config, retry_config=RetryConfig(max_retries=0))  # noqa: SLF001

    async def call(
        self,
        call: PineconeCall,
        deadline: Deadline,
        work: Callable[[AsyncIndex, float], Awaitable[T]],
        rows: Callable[[T], int] | None = None,
    ) -> T:
        """Make one call. A request may arrive twice, so it must be idempotent.

        Args:
            call: description of the call.
            deadline: when it must have been answered, on the wire too.
            work: makes the call, in so many seconds.
            rows: returns how many records a result has.

        Raises:
            PineconeFailure: when the call fails.
        """
        now = self._clock.now()
        if not deadline.remaining(now):
            raise Failure(Cause.STORE_TIMEOUT)
        at = min(deadline.at, now + self._options.call_seconds)
        requester = Requester(call.tenant, priority=call.priority)
        with self._recording.tracer.start_as_current_span(
            call.name,
            kind=SpanKind.CLIENT,
            attributes=self._described(call),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            error = ""
            measured = CallMetrics(self._recording.metrics, SYSTEM, metrics.STORE_DURATION, (SYSTEM, call.name))
            try:
                with map_failures():
                    async with asyncio.timeout_at(at), self._slots.hold(requester, Deadline(at)):
                        span.set_attribute(names.DB_WAITED, self._clock.now() - now)
                        result = await self._repeated(work, at, span)
            except PineconeFailure as failure:
                error = failure.fault.name
                self._report(failure.fault, at - now, span)
                raise
            except asyncio.CancelledError:
                # A deadline above may fire first, at the same instant.
                if cut_off(Deadline(at)):
                    error = PineconeFault.SLOW.name
                    self._report(PineconeFault.SLOW, at - now, span)
                else:
                    span.set_attribute(names.CANCELLED, True)
                raise
            finally:
                measured.ended(self._clock.now() - now, error)
            if rows is not None:
                span.set_attribute(names.DB_RETURNED_ROWS, rows(result))
            return result

    async def close(self) -> None:
        """Close the client; running calls fail."""
        await self._client.close()

    def _report(self, fault: PineconeFault, allowed: float, span: Span) -> None:
        span.set_attribute(names.ERROR_TYPE, fault.name)
        span.set_status(StatusCode.ERROR)
        if fault is not PineconeFault.SLOW or allowed >= _FAIR_SECONDS:
            _LOG.warning("%s.", fault, extra={"address": self._host})

    def _described(self, call: PineconeCall) -> dict[str, str | int | float]:
        attributes = {names.DB_SYSTEM: SYSTEM, names.DB_OPERATION: call.name, **self._server}
        if call.tenant:
            attributes[names.DB_NAMESPACE] = call.tenant
        return {**attributes, **(call.attributes or {})}

    async def _repeated(self, work: Callable[[AsyncIndex, float], Awaitable[T]], at: float, span: Span) -> T:
        pause = _FIRST_PAUSE
        for attempt in range(1, self._options.max_attempts + 1):
            try:
                with map_failures():
                    return await work(self._client, max(at - self._clock.now(), 0.001))
            except PineconeFailure as failure:
                wait = max(pause, failure.retry_after or 0.0)
                late = self._clock.now() + wait >= at
                if failure.fault not in _REPEATED or attempt == self._options.max_attempts or late:
                    raise
            span.set_attribute(names.DB_ATTEMPTS, attempt + 1)
            await asyncio.sleep(wait)
            pause *= 2
        raise AssertionError("a call has at least one attempt")
