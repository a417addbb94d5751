"""One connection to Weaviate, made on first use: every call is bounded and traced, and its errors are translated."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

import httpx
from opentelemetry.trace import Span, SpanKind, StatusCode
from weaviate import WeaviateAsyncClient
from weaviate.auth import AuthApiKey
from weaviate.classes.config import ConsistencyLevel
from weaviate.collections import CollectionAsync
from weaviate.config import AdditionalConfig, ConnectionConfig, Timeout
from weaviate.connect.base import ProtocolParams

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.adapters.resilience.instrumentation import CallMetrics, cut_off
from groundwire_server.adapters.store.weaviate.failures import UNPROVEN, StoreFailure, WeaviateFault, map_failures
from groundwire_server.adapters.store.weaviate.options import Consistency, WeaviateOptions
from groundwire_server.adapters.store.weaviate.tokens import tenant_name
from groundwire_server.adapters.store.weaviate.wire import CALL, BoundedParams, WireCall, grpc_config
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Priority
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import metrics, names
from groundwire_server.telemetry.trace_context import traceparent

_LOG = logging.getLogger(__name__)

T = TypeVar("T")
Attributes: TypeAlias = Mapping[str, str | int | float]

_SYSTEM: Final = "weaviate"
_FIRST_PAUSE: Final = 0.05
_FAIR_SECONDS: Final = 0.5
"""What a call must have had for its lateness to be Weaviate's fault, and not that of its caller's deadline."""
_MOST_HANDLES: Final = 4096
_QUEUE: Final = 10_000
"""Calls that may wait for others to end: admission bounds their number."""


@dataclass(frozen=True, slots=True)
class WeaviateCall:
    """A call, as its span describes it.

    Attributes:
        name: Weaviate's name of the operation.
        collection: the collection; empty for a call about the server.
        tenant: the tenant, by its own name; empty for a call about all.
        attributes: further attributes that are known before the call.
        over_http: whether it is a REST call; all others go over gRPC.
        priority: whether it waits for others when there are too many.
    """

    name: str
    collection: str
    tenant: str = ""
    attributes: Attributes | None = None
    over_http: bool = False
    priority: Priority = Priority.INTERACTIVE


class WeaviateConnection:
    """A client that connects on first use, and again after a failed attempt.

    Args:
        options: of the store.
        headers: sent with every call, such as the key of a module; never logged.
        clock: of the event loop.
        recording: takes spans and metrics.
        expected: faults of normal operation; every other one is an error of its span, and logged once per call.
        weight: returns the weight of a tenant's share of the calls at once.
    """

    def __init__(
        self,
        options: WeaviateOptions,
        headers: Mapping[str, str],
        clock: Clock,
        recording: Recording,
        expected: Set[WeaviateFault] = frozenset(),
        weight: Callable[[str], float] = lambda tenant: 1.0,
    ) -> None:
        self._options = options
        self._http = _host_and_port(options.http)
        self._grpc = _host_and_port(options.grpc)
        self._headers = headers
        self._ca = options.tls.ca.read_bytes() if options.tls is not None and options.tls.ca is not None else None
        self._expected = expected
        self._clock = clock
        self._recording = recording
        self._client: WeaviateAsyncClient | None = None
        self._connecting = asyncio.Lock()
        slots = ConcurrencyOptions(max_concurrent=options.max_concurrent, queue_size=_QUEUE)
        self._slots = FairLimiter(slots, weight, _SYSTEM, recording.metrics)
        self._handles: dict[tuple[str, str, Consistency], CollectionAsync[Any, Any]] = {}
        self._closed = False

    async def call(
        self,
        operation: WeaviateCall,
        deadline: Deadline,
        work: Callable[[WeaviateAsyncClient], Awaitable[T]],
        note: Callable[[T], Attributes] | None = None,
    ) -> T:
        """Make one call. A request may arrive twice, so it must be idempotent.

        Args:
            operation: description of the call.
            deadline: when it must have been answered, on the wire too.
            work: makes the call.
            note: returns attributes of the span from the result.

        Raises:
            StoreFailure: when the call fails.
        """
        now = self._clock.now()
        if not deadline.remaining(now):
            raise Failure(Cause.STORE_TIMEOUT)
        at = min(deadline.at, now + self._options.call_seconds)
        requester = Requester(operation.tenant, priority=operation.priority)
        with self._recording.tracer.start_as_current_span(
            f"{operation.name} {operation.collection}".rstrip(),
            kind=SpanKind.CLIENT,
            attributes=self._described(operation),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            error = ""
            measured = CallMetrics(self._recording.metrics, _SYSTEM, metrics.STORE_DURATION, (_SYSTEM, operation.name))
            token = CALL.set(WireCall(at, traceparent(span)))
            try:
                with map_failures():
                    async with asyncio.timeout_at(at), self._slots.hold(requester, Deadline(at)):
                        waited = self._clock.now() - now
                        result = await self._repeated(work, at, span)
            except StoreFailure as failure:
                error = "" if failure.fault in self._expected else failure.fault.name
                self._report(failure.fault, at - now, span)
                raise
            except asyncio.CancelledError:
                # A deadline above may fire first, at the same instant.
                if cut_off(Deadline(at)):
                    error = WeaviateFault.SLOW.name
                    self._report(WeaviateFault.SLOW, at - now, span)
                else:
                    span.set_attribute(names.CANCELLED, True)
                raise
            except Exception as raised:
                error = type(raised).__qualname__
                span.set_attribute(names.ERROR_TYPE, error)
                span.set_status(StatusCode.ERROR)
                raise
            finally:
                CALL.reset(token)
                measured.ended(self._clock.now() - now, error)
            span.set_attribute(names.DB_WAITED, waited)
            if note is not None:
                span.set_attributes(note(result))
            return result

    def handle(
        self, client: WeaviateAsyncClient, collection: str, tenant: str, consistency: Consistency
    ) -> CollectionAsync[Any, Any]:
        """Return a tenant's part of a collection, cached: making one costs as much as a search."""
        key = (collection, tenant, consistency)
        found = self._handles.get(key)
        if found is None:
            if len(self._handles) >= _MOST_HANDLES:
                self._handles.clear()
            handle = client.collections.use(collection, skip_argument_validation=True)
            found = handle.with_tenant(tenant_name(tenant)).with_consistency_level(ConsistencyLevel(consistency.value))
            self._handles[key] = found
        return found

    async def close(self) -> None:
        """Close the client; running calls fail."""
        self._closed = True
        client, self._client = self._client, None
        self._handles.clear()
        if client is not None:
            await client.close()

    def _report(self, fault: WeaviateFault, allowed: float, span: Span) -> None:
        span.set_attribute(names.ERROR_TYPE, fault.name)
        if fault in self._expected:
            return
        span.set_status(StatusCode.ERROR)
        if fault is not WeaviateFault.SLOW or allowed >= _FAIR_SECONDS:
            _LOG.warning("%s.", fault, extra={"addresses": f"{self._options.http} and {self._options.grpc}"})

    def _described(self, operation: WeaviateCall) -> dict[str, str | int | float]:
        host, port = self._http if operation.over_http else self._grpc
        attributes: dict[str, str | int | float] = {
            names.DB_SYSTEM: _SYSTEM,
            names.DB_OPERATION: operation.name,
            names.SERVER_ADDRESS: host,
            names.SERVER_PORT: port,
        }
        if operation.collection:
            attributes[names.DB_COLLECTION] = operation.collection
        if operation.tenant:
            attributes[names.DB_NAMESPACE] = operation.tenant
        attributes.update(operation.attributes or {})
        return attributes

    async def _repeated(self, work: Callable[[WeaviateAsyncClient], Awaitable[T]], at: float, span: Span) -> T:
        pause = _FIRST_PAUSE
        for attempt in range(1, self._options.max_attempts + 1):
            try:
                return await self._tried(work)
            except StoreFailure as failure:
                late = self._clock.now() + pause >= at
                if failure.fault is not WeaviateFault.UNAVAILABLE or attempt == self._options.max_attempts or late:
                    raise
            span.set_attribute(names.DB_ATTEMPTS, attempt + 1)
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError("a call has at least one attempt")

    async def _tried(self, work: Callable[[WeaviateAsyncClient], Awaitable[T]]) -> T:
        """Return the result of one attempt.

        A Weaviate that starts opens its ports seconds before it has loaded its schema: until it is ready, what it lacks
        proves nothing.
        """
        try:
            with map_failures():
                return await work(await self._connected())
        except StoreFailure as failure:
            if failure.fault not in UNPROVEN:
                raise
        with map_failures():
            client = await self._connected()
            if not await client.is_ready():
                raise StoreFailure(WeaviateFault.UNAVAILABLE)
            # It may have become ready since the first answer.
            return await work(client)

    async def _connected(self) -> WeaviateAsyncClient:
        if self._closed:
            raise StoreFailure(WeaviateFault.UNAVAILABLE)
        if self._client is not None:
            return self._client
        async with self._connecting:
            if self._client is None:
                self._client = await self._connect()
            return self._client

    async def _connect(self) -> WeaviateAsyncClient:
        client = _client(self._options, self._headers, self._ca)
        try:
            await client.connect()
        except BaseException:
            await client.close()
            raise
        return client


def _client(options: WeaviateOptions, headers: Mapping[str, str], ca: bytes | None) -> WeaviateAsyncClient:
    secure, pool = options.tls is not None, options.pool_size
    client = WeaviateAsyncClient(
        connection_params=BoundedParams(
            http=_protocol(options.http, secure=secure),
            grpc=_protocol(options.grpc, secure=secure),
        ),
        auth_client_secret=None if options.api_key is None else AuthApiKey(options.api_key.reveal()),
        additional_headers=dict(headers),
        additional_config=AdditionalConfig(
            connection=ConnectionConfig(session_pool_connections=pool, session_pool_maxsize=pool),
            timeout=Timeout(init=options.call_seconds, query=options.call_seconds, insert=options.call_seconds),
            grpc_config=grpc_config(options, ca),
        ),
        skip_init_checks=True,
    )
    if not secure:
        # Loading the system's authorities takes longer than connecting, and a plain connection needs none of them.
        _trust(client, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), pool)
    elif ca is not None:
        _trust(client, ssl.create_default_context(cadata=ca.decode()), pool)
    return client


def _protocol(address: str, *, secure: bool) -> ProtocolParams:
    host, port = _host_and_port(address)
    return ProtocolParams(host=host, port=port, secure=secure)


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _trust(client: WeaviateAsyncClient, context: ssl.SSLContext, pool: int) -> None:
    """Let REST calls trust only the authorities of a context, for which the client has no option."""
    connection = client._connection  # noqa: SLF001 - see above
    headers = connection._headers  # noqa: SLF001
    limits = httpx.Limits(max_connections=pool, max_keepalive_connections=pool)
    connection._make_client = lambda colour: httpx.AsyncClient(  # type: ignore[method-assign, assignment]  # noqa: SLF001
        headers=headers, verify=context, trust_env=False, limits=limits
    )
