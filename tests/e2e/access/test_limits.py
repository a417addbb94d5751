"""Whose limits an operator and an admin may look at."""

from typing import Any

import grpc
import grpc.aio
import pytest

from groundwire.v1 import limit_service_pb2
from groundwire.v1.limit_service_pb2_grpc import LimitServiceStub
from groundwire_server.domain.caller import Role
from tests.e2e.access.world import World, let_in
from tests.e2e.calls import info
from tests.e2e.conftest import Serve


@pytest.mark.parametrize(
    ("role", "tenant", "may"),
    [
        (Role.OPERATOR, "", True),
        (Role.OPERATOR, "acme", True),
        (Role.OPERATOR, "globex", True),
        (Role.ADMIN, "", True),
        (Role.ADMIN, "acme", True),
        (Role.ADMIN, "globex", False),
        (Role.READER, "acme", False),
    ],
)
async def test_an_operator_looks_at_every_tenant_an_admin_at_its_own_and_others_at_none(
    serve: Serve, world: World, role: Role, tenant: str, may: bool
) -> None:
    async with let_in(serve, world) as product:
        metadata: Any = world.api_key(roles=frozenset({role}))
        call = LimitServiceStub(product.channel).GetLimits(
            limit_service_pb2.GetLimitsRequest(tenant=tenant), metadata=metadata, timeout=10
        )
        if may:
            assert not (await call).limits
            return
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call
    assert raised.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert info(raised.value).metadata["role"] == "operator"
