"""ServerInfoService."""

from typing import Any

import grpc.aio

from groundwire.v1 import server_info_pb2, server_info_service_pb2
from groundwire.v1.server_info_service_pb2_grpc import ServerInfoServiceServicer
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.edge import limits
from groundwire_server.edge.call import VERSION, current_call
from groundwire_server.edge.convert.durations import fill
from groundwire_server.edge.convert.words import FEATURES, ROLES
from groundwire_server.edge.sink import HEARTBEAT_SECONDS
from groundwire_server.edge.snapshot import CurrentSnapshot, ServingSnapshot


class ServerInfo(ServerInfoServiceServicer):
    """Says what the server offers, and whom it takes the caller for."""

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def GetServerInfo(
        self,
        request: server_info_service_pb2.GetServerInfoRequest,
        context: "grpc.aio.ServicerContext[Any, Any]",
    ) -> server_info_service_pb2.GetServerInfoResponse:
        """Return the description."""
        snapshot, caller = self._current.snapshot, current_call().caller
        missing = _missing(snapshot, caller.tenant)
        info = server_info_pb2.ServerInfo(
            version=VERSION,
            features=[FEATURES[feature] for feature in Feature if feature not in missing],
            limits=_limits(),
            caller=_caller(caller, authenticated=snapshot.access.authenticated),
        )
        return server_info_service_pb2.GetServerInfoResponse(server_info=info)


def _missing(snapshot: ServingSnapshot, tenant: str) -> set[Feature]:
    """Return the features of which the server has no part for a tenant."""
    queue = snapshot.queue
    has = {
        Feature.ERASURE: snapshot.eraser is not None,
        Feature.QUEUED_ANSWERS: queue is not None,
        Feature.WEBHOOKS: queue is not None and tenant in queue.webhook_tenants,
        Feature.RECORD_ERASURE: snapshot.record_eraser is not None,
        Feature.USAGE: snapshot.usage is not None,
        Feature.REVIEWS: snapshot.reviews is not None,
        Feature.AUDIT: snapshot.reviews is not None,
        Feature.FEEDBACK: snapshot.feedback is not None,
        Feature.RECORDINGS: snapshot.recordings is not None,
        Feature.PROMPTS: snapshot.prompts is not None and tenant == snapshot.managed_by,
        Feature.EXPERIMENTS: snapshot.experiments is not None and tenant == snapshot.managed_by,
    }
    return {feature for feature, there in has.items() if not there}


def _limits() -> server_info_pb2.Limits:
    message = server_info_pb2.Limits(
        message_bytes=limits.RECEIVE_LIMIT,
        document_bytes=limits.DOCUMENT_LIMIT,
        question_code_points=limits.QUESTION_LIMIT,
        turns=limits.TURNS_LIMIT,
        passages=limits.PASSAGES_LIMIT,
        facts=limits.FACTS_LIMIT,
        page_size=limits.PAGE_LIMIT,
    )
    fill(message.resume_window, limits.RESUME_WINDOW_LIMIT)
    fill(message.heartbeat_interval, HEARTBEAT_SECONDS)
    return message


def _caller(caller: Caller, *, authenticated: bool) -> server_info_pb2.CallerInfo:
    return server_info_pb2.CallerInfo(
        tenant=caller.tenant,
        subject=caller.subject,
        principals=sorted(caller.principals),
        roles=[ROLES[role] for role in Role if role in caller.roles],
        authenticated=authenticated,
    )
