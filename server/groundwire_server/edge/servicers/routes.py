"""RouteService."""

from typing import Any

import grpc.aio

from groundwire.v1 import route_service_pb2
from groundwire.v1.route_service_pb2_grpc import RouteServiceServicer
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.route import route_to_pb
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.snapshot import CurrentSnapshot


class Routes(RouteServiceServicer):
    """Says which routes there are."""

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def ListRoutes(
        self, request: route_service_pb2.ListRoutesRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> route_service_pb2.ListRoutesResponse:
        """Return a page of routes."""
        tokens = PageTokens("routes")
        after, size = tokens.read(request.page_token, str) or "", page_size(request.page_size)
        policies = self._current.snapshot.routes.policies(current_call().caller)
        rest = sorted((policy for policy in policies if policy.route > after), key=lambda policy: policy.route)
        page, following = tokens.cut(rest, size, lambda policy: [policy.route])
        return route_service_pb2.ListRoutesResponse(
            routes=[route_to_pb(policy) for policy in page],
            next_page_token=following,
        )
