"""The contract of guards in Protobuf, and the channel that carries it."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Self

import grpc
from google.protobuf.message import DecodeError
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from groundwire.guard.v1 import guard_service_pb2 as messages
from groundwire_server.adapters.guards.remote.contract import Report, ReportedFinding, ReportedResult, ReportLimits
from groundwire_server.adapters.guards.remote.faults import GuardFault, InvalidFindingsFailure
from groundwire_server.adapters.guards.remote.options import GrpcEndpointOptions
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause, Screen
from groundwire_server.options.headers import revealed

_METHOD: Final = "/groundwire.guard.v1.GuardService/Screen"
_PUSHBACK: Final = "grpc-retry-pushback-ms"


class ProtobufFormat:
    """The ContractFormat in Protobuf."""

    def request(self, screen: Screen, texts: Sequence[str], caller: Mapping[str, str]) -> bytes:
        """Return the body of a request."""
        request = messages.ScreenRequest(screen=messages.Screen.Value(f"SCREEN_{screen.value}"), texts=texts)
        if caller:
            request.caller.CopyFrom(messages.Caller(**caller))
        return request.SerializeToString()

    def report(self, body: bytes, limits: ReportLimits) -> Report:
        """Return what the body of a response says.

        Raises:
            InvalidFindingsFailure: UNREADABLE or COUNT.
        """
        try:
            response = messages.ScreenResponse.FromString(body)
        except DecodeError:
            raise InvalidFindingsFailure(GuardFault.UNREADABLE) from None
        limits.check_results(len(response.results))
        usage = response.usage
        counted = Usage(max(0, usage.input_tokens), max(0, usage.output_tokens))
        return [_result(limits, each) for each in response.results], counted


def _result(limits: ReportLimits, result: messages.Result) -> ReportedResult:
    read, rest = result.findings[: limits.findings], result.findings[limits.findings :]
    text = result.text if result.HasField("text") else None
    return ReportedResult([_finding(each) for each in read], text, frozenset(each.category for each in rest))


def _finding(finding: messages.Finding) -> ReportedFinding:
    return ReportedFinding(
        category=finding.category,
        start=finding.start if finding.HasField("start") else None,
        end=finding.end if finding.HasField("end") else None,
        score=finding.score if finding.HasField("score") else None,
        rule=finding.rule,
        text=finding.text if finding.HasField("text") else None,
    )


class GrpcChannel:
    """The connection to one gRPC server; entered on the loop that uses it.

    Args:
        endpoint: where it listens.
        response_bytes: of the largest response that is read.
    """

    def __init__(self, endpoint: GrpcEndpointOptions, response_bytes: int) -> None:
        self.endpoint = endpoint
        self._response_bytes = response_bytes
        self._channel: grpc.aio.Channel | None = None

    async def __aenter__(self) -> Self:
        keepalive = int(self.endpoint.keepalive_seconds * 1000)
        options = [
            ("grpc.max_receive_message_length", self._response_bytes),
            # The size of requests is bounded where they are made.
            ("grpc.max_send_message_length", -1),
            ("grpc.keepalive_time_ms", keepalive),
            ("grpc.keepalive_timeout_ms", keepalive),
            # A server that comes back is used within seconds, and not within gRPC's two minutes.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2000),
            # Retries are the policy's, within its budget.
            ("grpc.enable_retries", 0),
            ("grpc.enable_http_proxy", 0),
            # Channels to one address would share connections, and so the back-off after a failure.
            ("grpc.use_local_subchannel_pool", 1),
        ]
        address = f"{_bracketed(self.endpoint.host)}:{self.endpoint.port}"
        if self.endpoint.secure:
            credentials = await asyncio.to_thread(_credentials, self.endpoint)
            self._channel = grpc.aio.secure_channel(address, credentials, options)
        else:
            self._channel = grpc.aio.insecure_channel(address, options)
        return self

    async def __aexit__(self, *raised: object) -> None:
        if self._channel is not None:
            await self._channel.close()
            self._channel = None

    async def call(self, request: bytes, metadata: Sequence[tuple[str, str]], seconds: float | None) -> bytes:
        """Make one call.

        Args:
            request: serialized.
            metadata: of the call.
            seconds: until its deadline; None has none.

        Raises:
            AioRpcError: with the status of a call that failed.
            Failure: MODEL_UNAVAILABLE when the channel is closed.
        """
        if self._channel is None:
            raise Failure(Cause.MODEL_UNAVAILABLE)
        # Without serializers: what is sent and what comes is made and read where its failures are understood.
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(_METHOD)
        return bytes(await method(request, metadata=metadata, timeout=seconds))


class GrpcTransport:
    """The Transport of a guard behind gRPC. Cancelling a call, or the end of its time, cancels it at the server.

    Args:
        channel: to the server.
    """

    def __init__(self, channel: GrpcChannel) -> None:
        endpoint = channel.endpoint
        self._channel = channel
        self._metadata = tuple((name.lower(), value) for name, value in revealed(endpoint.headers).items())
        self._propagator = TraceContextTextMapPropagator() if endpoint.trace_context else None

    async def post(self, body: bytes, deadline: Deadline) -> bytes:
        """Send one request, and return its response."""
        traced: dict[str, str] = {}
        if self._propagator is not None:
            self._propagator.inject(traced)
        loop = asyncio.get_running_loop()
        left = deadline.remaining(loop.time())
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                metadata = (*self._metadata, *traced.items())
                return await self._channel.call(body, metadata, None if math.isinf(left) else left)
        except TimeoutError:
            raise Failure(Cause.MODEL_TIMEOUT) from None
        except grpc.aio.AioRpcError as error:
            raise _failure(error) from None


_STATUSES: Final[Mapping[grpc.StatusCode, Cause]] = MappingProxyType(
    {
        grpc.StatusCode.DEADLINE_EXCEEDED: Cause.MODEL_TIMEOUT,
        grpc.StatusCode.RESOURCE_EXHAUSTED: Cause.MODEL_RATE_LIMITED,
        grpc.StatusCode.UNAUTHENTICATED: Cause.MODEL_MISCONFIGURED,
        grpc.StatusCode.PERMISSION_DENIED: Cause.MODEL_MISCONFIGURED,
        grpc.StatusCode.UNIMPLEMENTED: Cause.MODEL_MISCONFIGURED,
        grpc.StatusCode.NOT_FOUND: Cause.MODEL_MISCONFIGURED,
        grpc.StatusCode.INVALID_ARGUMENT: Cause.MODEL_MISCONFIGURED,
        grpc.StatusCode.FAILED_PRECONDITION: Cause.MODEL_MISCONFIGURED,
        grpc.StatusCode.OUT_OF_RANGE: Cause.MODEL_MISCONFIGURED,
    }
)
"""What a status means; the others may pass."""


def _failure(error: grpc.aio.AioRpcError) -> Failure:
    # The details are the server's own words, and may repeat the texts: nothing of them goes further.
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "message larger than max" in details:
        ours = details.startswith("CLIENT")
        return InvalidFindingsFailure(GuardFault.SIZE) if ours else Failure(Cause.PROMPT_TOO_LONG)
    after = error.trailing_metadata().get(_PUSHBACK, "")
    milliseconds = int(after) if isinstance(after, str) and after.isascii() and after.isdigit() else None
    cause = _STATUSES.get(code, Cause.MODEL_UNAVAILABLE)
    return Failure(cause, retry_after=None if milliseconds is None else milliseconds / 1000)


def _credentials(endpoint: GrpcEndpointOptions) -> grpc.ChannelCredentials:
    files = (endpoint.ca_file, endpoint.key_file, endpoint.certificate_file)
    ca, key, certificate = (None if file is None else file.read_bytes() for file in files)
    return grpc.ssl_channel_credentials(ca, key, certificate)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
