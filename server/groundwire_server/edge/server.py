"""The gRPC server: our services with health and reflection, behind their interceptors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc.aio
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsServicer, add_OperationsServicer_to_server
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha._async import ReflectionServicer

from groundwire.v1 import (
    answer_service_pb2,
    audit_service_pb2,
    document_service_pb2,
    experiment_service_pb2,
    feedback_service_pb2,
    grounding_service_pb2,
    limit_service_pb2,
    operation_service_pb2,
    prompt_service_pb2,
    record_service_pb2,
    recording_service_pb2,
    retrieval_service_pb2,
    review_service_pb2,
    route_service_pb2,
    server_info_service_pb2,
    usage_service_pb2,
)
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceServicer, add_AnswerServiceServicer_to_server
from groundwire.v1.audit_service_pb2_grpc import AuditServiceServicer, add_AuditServiceServicer_to_server
from groundwire.v1.document_service_pb2_grpc import DocumentServiceServicer, add_DocumentServiceServicer_to_server
from groundwire.v1.experiment_service_pb2_grpc import (
    ExperimentServiceServicer,
    add_ExperimentServiceServicer_to_server,
)
from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceServicer, add_FeedbackServiceServicer_to_server
from groundwire.v1.grounding_service_pb2_grpc import GroundingServiceServicer, add_GroundingServiceServicer_to_server
from groundwire.v1.limit_service_pb2_grpc import LimitServiceServicer, add_LimitServiceServicer_to_server
from groundwire.v1.operation_service_pb2_grpc import OperationServiceServicer, add_OperationServiceServicer_to_server
from groundwire.v1.prompt_service_pb2_grpc import PromptServiceServicer, add_PromptServiceServicer_to_server
from groundwire.v1.record_service_pb2_grpc import RecordServiceServicer, add_RecordServiceServicer_to_server
from groundwire.v1.recording_service_pb2_grpc import RecordingServiceServicer, add_RecordingServiceServicer_to_server
from groundwire.v1.retrieval_service_pb2_grpc import (
    RetrievalServiceServicer,
    add_RetrievalServiceServicer_to_server,
)
from groundwire.v1.review_service_pb2_grpc import ReviewServiceServicer, add_ReviewServiceServicer_to_server
from groundwire.v1.route_service_pb2_grpc import RouteServiceServicer, add_RouteServiceServicer_to_server
from groundwire.v1.server_info_service_pb2_grpc import (
    ServerInfoServiceServicer,
    add_ServerInfoServiceServicer_to_server,
)
from groundwire.v1.usage_service_pb2_grpc import UsageServiceServicer, add_UsageServiceServicer_to_server
from groundwire_server.edge import security_events
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.convert.request import Received
from groundwire_server.edge.decision_log import DecisionLog
from groundwire_server.edge.handlers import Handlers
from groundwire_server.edge.interceptors.access import (
    Authentication,
    Authorization,
    ReflectionAuthentication,
    SecurityEvents,
)
from groundwire_server.edge.interceptors.chain import Chain
from groundwire_server.edge.interceptors.context import CallDeadline, RequestId, Tracing
from groundwire_server.edge.interceptors.decisions import Decisions
from groundwire_server.edge.interceptors.errors import ErrorMapping
from groundwire_server.edge.interceptors.limits import CallPlaces, HealthLimits, Places
from groundwire_server.edge.interceptors.reception import Precheck, Reception, RequestReader
from groundwire_server.edge.interceptors.validation import Validation
from groundwire_server.edge.limits import RECEIVE_LIMIT
from groundwire_server.edge.options import ArrivalOptions, ServerOptions, TransportOptions
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import metrics

if TYPE_CHECKING:
    # A server without TLS does not import it.
    from groundwire_server.edge.tls import ServerTls

_LAST_STATUSES = 1.0
"""Seconds in which calls that outlast the grace are ended with their status."""
_LAST_BYTES = 0.1
"""Seconds in which the last responses are sent."""

_CHECK, _WATCH = (f"/{health.SERVICE_NAME}/{name}" for name in ("Check", "Watch"))
_REFLECTION = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name

_PING_MS, _PONG_MS = 60_000, 20_000
"""A client with a call in flight that does not answer a ping is taken for gone."""

_OURS = (
    answer_service_pb2.DESCRIPTOR.services_by_name["AnswerService"].full_name,
    retrieval_service_pb2.DESCRIPTOR.services_by_name["RetrievalService"].full_name,
    grounding_service_pb2.DESCRIPTOR.services_by_name["GroundingService"].full_name,
    document_service_pb2.DESCRIPTOR.services_by_name["DocumentService"].full_name,
    route_service_pb2.DESCRIPTOR.services_by_name["RouteService"].full_name,
    server_info_service_pb2.DESCRIPTOR.services_by_name["ServerInfoService"].full_name,
    limit_service_pb2.DESCRIPTOR.services_by_name["LimitService"].full_name,
    feedback_service_pb2.DESCRIPTOR.services_by_name["FeedbackService"].full_name,
    record_service_pb2.DESCRIPTOR.services_by_name["RecordService"].full_name,
    operation_service_pb2.DESCRIPTOR.services_by_name["OperationService"].full_name,
    usage_service_pb2.DESCRIPTOR.services_by_name["UsageService"].full_name,
    operations_pb2.DESCRIPTOR.services_by_name["Operations"].full_name,
    review_service_pb2.DESCRIPTOR.services_by_name["ReviewService"].full_name,
    audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"].full_name,
    recording_service_pb2.DESCRIPTOR.services_by_name["RecordingService"].full_name,
    prompt_service_pb2.DESCRIPTOR.services_by_name["PromptService"].full_name,
    experiment_service_pb2.DESCRIPTOR.services_by_name["ExperimentService"].full_name,
)


@dataclass(frozen=True, slots=True)
class Servicers:
    """One servicer for each service of the contract."""

    answers: AnswerServiceServicer
    retrieval: RetrievalServiceServicer
    grounding: GroundingServiceServicer
    documents: DocumentServiceServicer
    routes: RouteServiceServicer
    server_info: ServerInfoServiceServicer
    limits: LimitServiceServicer
    feedback: FeedbackServiceServicer
    records: RecordServiceServicer
    operations: OperationsServicer
    operation_service: OperationServiceServicer
    usage: UsageServiceServicer
    reviews: ReviewServiceServicer
    audit: AuditServiceServicer
    recordings: RecordingServiceServicer
    prompts: PromptServiceServicer
    experiments: ExperimentServiceServicer


class Server:
    """The server of one address: it listens, reports its health, and drains.

    Args:
        servicers: one for each service.
        recording: records the calls.
        decisions: tells what became of each.
        blocked: tells of what kind was what guards have blocked.
        options: its limits.
        current: the snapshot that calls are served by; it may be replaced at any time.
        clock: times the windows of the security log.
        draining: ends the calls that would wait longer than a drain may.
        end: ends the runs that go on without a call, after the server has stopped.

    Attributes:
        handlers: of every method, behind the interceptors, for another transport.
        services: the full names of our services, and that of health.
    """

    def __init__(
        self,
        servicers: Servicers,
        recording: Recording,
        decisions: DecisionLog,
        blocked: BlockedContentLog,
        options: ServerOptions,
        current: CurrentSnapshot,
        clock: Clock,
        draining: Callable[[], None] = lambda: None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self.services = (*_OURS, health.SERVICE_NAME)
        self._draining = draining
        self._end = end
        self._security_events = security_events.SecurityEventLog(clock)
        self._reporting: asyncio.Task[None] | None = None
        self._address = ""
        # Outermost first: each says what it must stand inside, and why, and the chain checks it.
        outer = (
            Tracing(recording.tracer),
            RequestId(),
            CallDeadline(),
            Decisions(decisions, blocked, recording.metrics, clock),
            ErrorMapping(),
            SecurityEvents(self._security_events),
        )
        authentication, anybody = Authentication(current), ReflectionAuthentication(current)
        self._reader = RequestReader(options.request_bytes)

        def reception(places: CallPlaces, precheck: Precheck) -> Reception:
            metadata_bytes = 2 * options.connections.max_metadata_bytes
            return Reception(places, precheck, self._reader, options.arrival, metadata_bytes, recording.metrics)

        def write_seconds() -> float:
            return current.snapshot.write_seconds

        self._chain = Chain(
            (*outer, authentication, Authorization(), Validation()),
            reception(CallPlaces.of_services(options.arrival, options.max_concurrent_calls), authentication.precheck),
            write_seconds,
        )
        recording.metrics.watch(metrics.CALLS_ACTIVE, self._chain, lambda chain: [((), chain.active)])
        self._health = health.aio.HealthServicer()
        interceptors = (
            HealthLimits(_health_places(options.arrival), options.arrival.request_seconds, recording.metrics),
            self._chain,
            Chain(
                (*outer, anybody),
                reception(CallPlaces.of_reflection(options.arrival), anybody.precheck),
                write_seconds,
                methods=f"/{_REFLECTION}/",
            ),
        )
        self._server = grpc.aio.server(
            interceptors=interceptors, options=_options(options.connections, reuse_port=options.workers > 1)
        )
        self.handlers = Handlers(self._server, interceptors)
        handlers: Any = self.handlers
        add_AnswerServiceServicer_to_server(servicers.answers, handlers)
        add_RetrievalServiceServicer_to_server(servicers.retrieval, handlers)
        add_GroundingServiceServicer_to_server(servicers.grounding, handlers)
        add_DocumentServiceServicer_to_server(servicers.documents, handlers)
        add_RouteServiceServicer_to_server(servicers.routes, handlers)
        add_ServerInfoServiceServicer_to_server(servicers.server_info, handlers)
        add_LimitServiceServicer_to_server(servicers.limits, handlers)
        add_FeedbackServiceServicer_to_server(servicers.feedback, handlers)
        add_RecordServiceServicer_to_server(servicers.records, handlers)
        add_OperationsServicer_to_server(servicers.operations, handlers)
        add_OperationServiceServicer_to_server(servicers.operation_service, handlers)
        add_UsageServiceServicer_to_server(servicers.usage, handlers)
        add_ReviewServiceServicer_to_server(servicers.reviews, handlers)
        add_AuditServiceServicer_to_server(servicers.audit, handlers)
        add_RecordingServiceServicer_to_server(servicers.recordings, handlers)
        add_PromptServiceServicer_to_server(servicers.prompts, handlers)
        add_ExperimentServiceServicer_to_server(servicers.experiments, handlers)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, handlers)
        reflected = _Reflection((*_OURS, health.SERVICE_NAME, _REFLECTION))
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflected, handlers)

    def __repr__(self) -> str:
        return f"<Server on {self._address or 'no address yet'}: {self._chain}>"

    async def start(self, address: str, tls: "ServerTls | None" = None) -> int:
        """Listen and report SERVING; return the port.

        Args:
            address: HOST:PORT; port 0 lets the system choose one.
            tls: secures the address; None listens without TLS.

        Raises:
            OSError: when the address is in use or cannot be bound.
        """
        try:
            if tls is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, tls.credentials())
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: is another server using it?") from error
        await self._server.start()
        self._address = address
        self._reporting = asyncio.create_task(self._report_suppressed())
        await self._set_health(health_pb2.HealthCheckResponse.SERVING)
        return port

    async def drain(self, notice: float, grace: float) -> None:
        """Report NOT_SERVING, wait, let calls finish, then stop.

        Args:
            notice: seconds for load balancers to see NOT_SERVING.
            grace: seconds for calls in flight to finish.
        """
        await self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        await self._server.wait_for_termination(timeout=notice)
        self._draining()
        # gRPC would cancel the calls without a reason: it must come after us.
        stopping = asyncio.create_task(self._server.stop(grace + _LAST_STATUSES))
        # Streams of health and reflection never end by themselves: only our own calls are waited for.
        idle = asyncio.create_task(self._chain.idle.wait())
        await asyncio.wait([idle], timeout=grace)
        if not idle.done():
            self._chain.end()
            await asyncio.wait([idle], timeout=_LAST_STATUSES)
            idle.cancel()
        await self._server.stop(_LAST_BYTES)
        await stopping
        self._end()
        if self._reporting is not None:
            self._reporting.cancel()
        self._security_events.flush()
        self._reader.close()

    async def _report_suppressed(self) -> None:
        """Report the end of a flood of denials too, though no call sets it off."""
        while True:
            await asyncio.sleep(security_events.WINDOW)
            self._security_events.end_windows()

    async def _set_health(self, status: "health_pb2.HealthCheckResponse.ServingStatus.ValueType") -> None:
        for service in ("", *_OURS):
            await self._health.set(service, status)


def _health_places(options: ArrivalOptions) -> dict[str, Places]:
    each = options.max_health_calls_per_address
    return {
        _CHECK: Places("health_checks", options.max_health_checks, each),
        _WATCH: Places("health_watches", options.max_health_watches, each),
    }


def _options(options: TransportOptions, *, reuse_port: bool) -> Sequence[tuple[str, int]]:
    return (
        ("grpc.max_receive_message_length", RECEIVE_LIMIT),
        ("grpc.max_send_message_length", RECEIVE_LIMIT),
        ("grpc.max_allowed_incoming_connections", options.max_connections),
        # It also bounds what calls cost that are cancelled as soon as they begin.
        ("grpc.max_concurrent_streams", options.max_streams),
        # It would count a call until Python has let go of it, and refuse clients that begin the next one at once.
        ("grpc.http.overload_protection", 0),
        # Between the two, gRPC refuses calls at random.
        ("grpc.max_metadata_size", options.max_metadata_bytes),
        ("grpc.absolute_max_metadata_size", 2 * options.max_metadata_bytes),
        # A client certificate is verified once for each connection: this is how long it counts.
        ("grpc.max_connection_age_ms", _milliseconds(options.age_seconds)),
        ("grpc.max_connection_age_grace_ms", _milliseconds(options.age_grace_seconds)),
        ("grpc.max_connection_idle_ms", _milliseconds(options.idle_seconds)),
        ("grpc.server_handshake_timeout_ms", _milliseconds(options.handshake_seconds)),
        ("grpc.keepalive_time_ms", _PING_MS),
        ("grpc.keepalive_timeout_ms", _PONG_MS),
        # Clients ping every 10 s while a model is silent, or between calls: gRPC's own limit is five minutes.
        ("grpc.http2.min_ping_interval_without_data_ms", _milliseconds(options.min_ping_seconds)),
        ("grpc.keepalive_permit_without_calls", 1),
        # With it a second server would share the port silently; workers have a supervisor that refuses one.
        ("grpc.so_reuseport", int(reuse_port)),
    )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


class _Reflection(ReflectionServicer):  # type: ignore[misc]  # has no types
    """Shows the contract. It writes its responses, as every stream that interceptors stand around does."""

    async def ServerReflectionInfo(
        self, request_iterator: AsyncIterator[Received], context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> None:
        """Answer each question about the contract."""
        questions = (received.valid() async for received in request_iterator)
        async for response in super().ServerReflectionInfo(questions, context):
            await context.write(response)
