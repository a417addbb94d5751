"""What is open to whom: health, reflection, and a server without authentication."""

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from groundwire.v1 import document_service_pb2
from groundwire_server.app.access import access
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.authentication import AuthenticationConfig
from tests.e2e.access.world import FORBIDDEN, TENANTS, UNAUTHENTICATED, Metadata, World, bearer, let_in
from tests.e2e.calls import ACME, info
from tests.e2e.conftest import Product, Serve


async def _reflected(product: Product, metadata: Metadata) -> set[str]:
    stub = reflection_pb2_grpc.ServerReflectionStub(product.channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    call = stub.ServerReflectionInfo(iter([asked]), metadata=metadata, timeout=10)
    (response,) = [response async for response in call]
    return {service.name for service in response.list_services_response.service}


async def test_health_is_open_and_reflection_needs_any_valid_credential(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        health = await health_pb2_grpc.HealthStub(product.channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        for metadata in ((), bearer("hush-hush"), world.token(tenant="initech")):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await _reflected(product, metadata)
            assert caught.value.code() in {UNAUTHENTICATED, FORBIDDEN}
        assert "groundwire.v1.AnswerService" in await _reflected(product, world.token(roles=[]))
        assert "groundwire.v1.AnswerService" in await _reflected(product, world.api_key(roles=frozenset()))


async def test_without_authentication_a_tenant_may_still_be_one_that_there_is_not(serve: Serve) -> None:
    request = document_service_pb2.GetCorpusVersionRequest()
    async with (
        access(AuthenticationConfig(), TENANTS, SystemClock()) as opened,
        serve(access=opened) as product,
    ):
        assert (await product.documents.GetCorpusVersion(request, metadata=ACME)).corpus_version
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await product.documents.GetCorpusVersion(request, metadata=(("groundwire-tenant", "initech"),))
        assert "groundwire.v1.AnswerService" in await _reflected(product, ())
    assert caught.value.code() is FORBIDDEN
    assert dict(info(caught.value).metadata) == {}
