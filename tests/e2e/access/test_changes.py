"""What is taken away counts at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import grpc
import grpc.aio
import pytest

from groundwire.v1 import document_service_pb2
from groundwire_server.app.access import access
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.authentication import ApiKeysConfig, AuthenticationConfig
from groundwire_server.domain.access_denied import DenialReason
from groundwire_server.domain.caller import Role
from tests.e2e.access.world import FORBIDDEN, TENANTS, UNAUTHENTICATED, Metadata, World, let_in, security_event, state
from tests.e2e.calls import open_document
from tests.e2e.conftest import Serve


async def test_an_issuers_new_key_counts_at_once_and_its_old_one_not_for_long(serve: Serve, world: World) -> None:
    request = document_service_pb2.GetCorpusVersionRequest()
    async with let_in(serve, world) as product:
        old = world.token()
        await product.documents.GetCorpusVersion(request, metadata=old)
        world.issuer.keys.clear()
        world.issuer.rotate("after")
        world.publish()
        assert (await product.documents.GetCorpusVersion(request, metadata=world.token())).corpus_version
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await product.documents.GetCorpusVersion(request, metadata=old)
    assert caught.value.code() is UNAUTHENTICATED


async def test_another_access_counts_from_the_next_call_on(serve: Serve, world: World) -> None:
    request = document_service_pb2.GetCorpusVersionRequest()
    async with let_in(serve, world) as product:
        metadata = world.token()
        await product.documents.GetCorpusVersion(request, metadata=metadata)
        narrowed = AuthenticationConfig(api_keys=ApiKeysConfig(file=world.keys))
        async with access(narrowed, TENANTS, SystemClock()) as opened:
            product.current.snapshot = replace(product.current.snapshot, access=opened)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await product.documents.GetCorpusVersion(request, metadata=metadata)
            assert (await product.documents.GetCorpusVersion(request, metadata=world.api_key())).corpus_version
    assert caught.value.code() is UNAUTHENTICATED


@pytest.mark.parametrize(
    ("end", "word"),
    [
        (World.revoke, DenialReason.API_KEY_REVOKED),
        (World.take_roles, DenialReason.ROLE_MISSING),
    ],
)
async def test_an_ingest_that_runs_ends_with_its_credential(
    serve: Serve,
    world: World,
    end: Callable[[World, Metadata], None],
    word: DenialReason,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with let_in(serve, world) as product:
        metadata = world.api_key(roles=frozenset({Role.WRITER}))
        call = product.documents.IngestDocuments(metadata=metadata, timeout=10)
        await call.write(document_service_pb2.IngestDocumentsRequest(document=open_document("before", "Before.")))
        stored = await call.read()
        assert isinstance(stored, document_service_pb2.IngestDocumentsResponse)
        end(world, metadata)
        await call.write(document_service_pb2.IngestDocumentsRequest(document=open_document("after", "After.")))
        assert await call.code() is (FORBIDDEN if word is DenialReason.ROLE_MISSING else UNAUTHENTICATED)
        assert security_event(caplog)["reason"] == word
        _, documents = cast("tuple[object, list[tuple[str, int]]]", await state(product, world))
    assert [document_id for document_id, _ in documents] == ["before", "generators", "lambdas", "held"]


async def test_an_ingest_that_runs_ends_with_its_tenant(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        call = product.documents.IngestDocuments(metadata=world.token(), timeout=10)
        await call.write(document_service_pb2.IngestDocumentsRequest(document=open_document("before", "Before.")))
        assert await call.read() is not grpc.aio.EOF
        narrowed = replace(product.current.snapshot.access, tenants=frozenset({"globex"}))
        product.current.snapshot = replace(product.current.snapshot, access=narrowed)
        await call.write(document_service_pb2.IngestDocumentsRequest(document=open_document("after", "After.")))
        assert await call.code() is FORBIDDEN
