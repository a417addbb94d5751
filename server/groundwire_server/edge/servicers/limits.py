"""LimitService."""

from typing import Any

import grpc.aio

from groundwire.v1 import limit_service_pb2
from groundwire.v1.limit_service_pb2_grpc import LimitServiceServicer
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Role
from groundwire_server.domain.requester import Requester
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.limit import limit_to_pb
from groundwire_server.edge.convert.question import DEFAULT_ROUTE
from groundwire_server.edge.snapshot import CurrentSnapshot


class Limits(LimitServiceServicer):
    """Says what requesters may use."""

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def GetLimits(
        self, request: limit_service_pb2.GetLimitsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> limit_service_pb2.GetLimitsResponse:
        """Return the limits of a requester.

        Raises:
            AccessDenied: ROLE_MISSING for another tenant's, unless the caller is an operator.
        """
        caller = current_call().caller
        tenant = request.tenant or caller.tenant
        if tenant != caller.tenant and Role.OPERATOR not in caller.roles:
            raise AccessDenied(
                DenialReason.ROLE_MISSING, about={"tenant": caller.tenant}, metadata={"role": Role.OPERATOR}
            )
        limits = self._current.snapshot.limits
        requester = Requester(tenant, request.subject, request.end_user_id, request.route or DEFAULT_ROUTE)
        return limit_service_pb2.GetLimitsResponse(
            limits=[limit_to_pb(each) for each in await limits.of(requester)], currency=limits.currency
        )
