"""The gRPC server: our services with health and reflection, behind one chain of layers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc
from opentelemetry.trace import Tracer

from groundwire.v1 import (
    answer_service_pb2,
    document_service_pb2,
    retrieval_service_pb2,
    route_service_pb2,
    server_info_service_pb2,
)
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceServicer, add_AnswerServiceServicer_to_server
from groundwire.v1.document_service_pb2_grpc import DocumentServiceServicer, add_DocumentServiceServicer_to_server
from groundwire.v1.retrieval_service_pb2_grpc import (
    RetrievalServiceServicer,
    add_RetrievalServiceServicer_to_server,
)
from groundwire.v1.route_service_pb2_grpc import RouteServiceServicer, add_RouteServiceServicer_to_server
from groundwire.v1.server_info_service_pb2_grpc import (
    ServerInfoServiceServicer,
    add_ServerInfoServiceServicer_to_server,
)
from groundwire_server.edge import security_events
from groundwire_server.edge.bounds import Bounds
from groundwire_server.edge.layers.access import RoleCheck
from groundwire_server.edge.layers.chain import Chain
from groundwire_server.edge.layers.deadline import CallDeadline
from groundwire_server.edge.layers.errors import Errors
from groundwire_server.edge.layers.identity import Identity, IdentityOfReaders
from groundwire_server.edge.layers.request_id import RequestId
from groundwire_server.edge.layers.security import SecurityEvents
from groundwire_server.edge.layers.trace import Trace
from groundwire_server.edge.layers.validation import Validation
from groundwire_server.edge.limits import RECEIVE_LIMIT
from groundwire_server.edge.reflection import METHODS as REFLECTION
from groundwire_server.edge.reflection import SERVICE as REFLECTION_SERVICE
from groundwire_server.edge.reflection import Reflection
from groundwire_server.edge.servicers import not_offered
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.clock import Clock

if TYPE_CHECKING:
    # Who serves without TLS is spared its imports.
    from groundwire_server.edge.tls import ServerTls

_CONNECTION_AGE_MS = 3_600_000
"""New calls go to a new connection after this time; those in flight finish where they are."""

_LAST_BYTES = 0.1
"""Seconds for the last replies to be sent."""

_CHECK, _WATCH = (f"/{health.SERVICE_NAME}/{name}" for name in ("Check", "Watch"))
WATCHERS = 100
"""Nobody has to say who watches the health, and a watch has no end."""
_HEALTH_SECONDS = 5.0
"""How long a question about the health may take to arrive."""

_CONNECTION_IDLE_MS = 600_000
_HANDSHAKE_MS = 20_000
_PING_MS, _PONG_MS = 60_000, 20_000
"""A client with a call in flight that does not answer a ping is gone."""

_OURS = (
    answer_service_pb2.DESCRIPTOR.services_by_name["AnswerService"].full_name,
    retrieval_service_pb2.DESCRIPTOR.services_by_name["RetrievalService"].full_name,
    document_service_pb2.DESCRIPTOR.services_by_name["DocumentService"].full_name,
    route_service_pb2.DESCRIPTOR.services_by_name["RouteService"].full_name,
    server_info_service_pb2.DESCRIPTOR.services_by_name["ServerInfoService"].full_name,
    *(service.full_name for service in not_offered.NOT_OFFERED),
)


@dataclass(frozen=True, slots=True)
class Servicers:
    """What is served."""

    answers: AnswerServiceServicer
    retrieval: RetrievalServiceServicer
    documents: DocumentServiceServicer
    routes: RouteServiceServicer
    server_info: ServerInfoServiceServicer


class Server:
    """Listens, says how it is, and drains.

    Args:
        servicers: what is served.
        tracer: records the calls.
        concurrent_calls: the most calls at once.
        current: the snapshot in force; another may take its place at any time.
        clock: says when refusals are told of again.
        end: ends what goes on without a call when the server has stopped.
    """

    def __init__(
        self,
        servicers: Servicers,
        tracer: Tracer,
        concurrent_calls: int,
        current: CurrentSnapshot,
        clock: Clock,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._end = end
        self._security_events = security_events.SecurityEventLog(clock)
        self._telling: asyncio.Task[None] | None = None
        outer = (Trace(tracer), RequestId(), Errors(), CallDeadline(), SecurityEvents(self._security_events))
        identity = Identity(current)
        self._chain = Chain((*outer, identity, RoleCheck(), Validation()), identity.precheck)
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(
            interceptors=[
                Bounds(concurrent_calls, {_WATCH: WATCHERS}, {_CHECK: _HEALTH_SECONDS, _WATCH: _HEALTH_SECONDS}),
                self._chain,
                Chain((*outer, IdentityOfReaders(current)), methods=REFLECTION),
            ],
            options=_options(),
        )
        add_AnswerServiceServicer_to_server(servicers.answers, self._server)
        add_RetrievalServiceServicer_to_server(servicers.retrieval, self._server)
        add_DocumentServiceServicer_to_server(servicers.documents, self._server)
        add_RouteServiceServicer_to_server(servicers.routes, self._server)
        add_ServerInfoServiceServicer_to_server(servicers.server_info, self._server)
        self._server.add_generic_rpc_handlers(not_offered.handlers())
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflected = Reflection((*_OURS, health.SERVICE_NAME, REFLECTION_SERVICE))
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflected, self._server)

    async def start(self, address: str, tls: "ServerTls | None" = None) -> int:
        """Listen and report SERVING; return the port.

        Raises:
            OSError: when the address cannot be had.
        """
        try:
            if tls is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, tls.credentials())
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: is another server using it?") from error
        await self._server.start()
        self._telling = asyncio.create_task(self._tell_of_refusals())
        await self._report(health_pb2.HealthCheckResponse.SERVING)
        return port

    async def drain(self, notice: float, grace: float) -> None:
        """Say NOT_SERVING, give balancers `notice` seconds to see it, calls in flight `grace` seconds, then stop."""
        await self._report(health_pb2.HealthCheckResponse.NOT_SERVING)
        await self._server.wait_for_termination(timeout=notice)
        stopping = asyncio.create_task(self._server.stop(grace))
        # Health's Watch and reflection are streams that nobody ends: only our own calls are worth waiting for.
        idle = asyncio.create_task(self._chain.idle.wait())
        await asyncio.wait([idle], timeout=grace)
        if not idle.done():
            idle.cancel()
            self._chain.end()
        await self._server.stop(_LAST_BYTES)
        await stopping
        self._end()
        if self._telling is not None:
            self._telling.cancel()
        self._security_events.flush()

    async def _tell_of_refusals(self) -> None:
        """A flood that has stopped is told of too."""
        while True:
            await asyncio.sleep(security_events.WINDOW)
            self._security_events.end_windows()

    async def _report(self, status: "health_pb2.HealthCheckResponse.ServingStatus.ValueType") -> None:
        for service in ("", *_OURS):
            await self._health.set(service, status)


def _options() -> Sequence[tuple[str, int]]:
    return (
        ("grpc.max_receive_message_length", RECEIVE_LIMIT),
        ("grpc.max_send_message_length", RECEIVE_LIMIT),
        # A client certificate is verified when its connection begins; after this time another connection must.
        ("grpc.max_connection_age_ms", _CONNECTION_AGE_MS),
        ("grpc.max_connection_idle_ms", _CONNECTION_IDLE_MS),
        ("grpc.server_handshake_timeout_ms", _HANDSHAKE_MS),
        ("grpc.keepalive_time_ms", _PING_MS),
        ("grpc.keepalive_timeout_ms", _PONG_MS),
        # On, a second server would silently take half of the connections.
        ("grpc.so_reuseport", 0),
    )
