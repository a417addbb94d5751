"""Every RPC against every way to be somebody else, and the ways in."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio

from groundwire_server.domain.caller import Role
from groundwire_server.edge.roles import ROLES
from tests.e2e.access.world import FORBIDDEN, Metadata, World, let_in, security_event, state
from tests.e2e.access.wrong import TABLE, Wrong
from tests.e2e.calls import info
from tests.e2e.conftest import Product, Serve, serving
from tests.e2e.methods import METHODS, Method


@dataclass(frozen=True)
class Guarded:
    """A server with authentication, and one of its RPCs."""

    product: Product
    world: World
    method: Method


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=METHODS, ids=lambda method: method.name.rpartition("/")[2]
)
async def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    """One server for all that may not come in to an RPC: a refusal changes nothing, which each test makes sure of."""
    folder = tmp_path_factory.mktemp("guarded")
    world = World(folder)
    async with let_in(serving(folder), world) as product:
        yield Guarded(product, world, request.param)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("wrong", TABLE, ids=lambda wrong: wrong.name)
async def test_every_rpc_refuses_whoever_may_not_come_in(
    guarded: Guarded, wrong: Wrong, caplog: pytest.LogCaptureFixture
) -> None:
    product, world, method = guarded.product, guarded.world, guarded.method
    before = await state(product, world)
    metadata = wrong.make(world, method)
    caplog.clear()
    product.spans.clear()

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await method.call(product.channel, metadata)

    assert caught.value.code() is wrong.code
    said = info(caught.value)
    assert said.reason == ("FORBIDDEN" if wrong.code is FORBIDDEN else "UNAUTHENTICATED")
    assert dict(said.metadata) == wrong.told(method)
    event = security_event(caplog)
    assert (event["reason"], event["method"], event["peer"]) == (wrong.word, method.name, "127.0.0.1")
    trailers = dict(list(caught.value.trailing_metadata() or ()))
    assert event["request_id"] == trailers["groundwire-request-id"]
    assert event["trace_id"] == trailers["groundwire-trace-id"]
    told = repr([vars(record) for record in caplog.records]) + product.spans.everything() + repr(caught.value)
    for secret in _secrets(metadata):
        assert secret not in told
    assert await state(product, world) == before


def _secrets(metadata: Metadata) -> Iterator[str]:
    """What must appear nowhere: whole credentials, and the parts that make them work."""
    for key, value in metadata:
        if key == "authorization":
            scheme, _, token = value.partition(" ")
            assert scheme
            yield from (part for part in (token, *token.split(".")) if len(part) > 8)
        if key == "groundwire-api-key":
            yield value
            yield value.split("_", 2)[2]


async def _by_token(world: World, roles: frozenset[Role]) -> Metadata:
    return world.token(roles=sorted(roles))


async def _by_api_key(world: World, roles: frozenset[Role]) -> Metadata:
    return world.api_key(roles=roles)


@pytest.mark.parametrize("admin", [False, True], ids=["by its row's role", "admin"])
@pytest.mark.parametrize("present", [_by_token, _by_api_key])
async def test_every_rpc_lets_its_roles_in(
    serve: Serve, world: World, present: Callable[..., Any], admin: bool, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[str] = []
    async with let_in(serve, world) as product:
        caplog.clear()
        for method in sorted(METHODS, key=lambda method: method.name.endswith("DeleteDocument")):
            metadata = await present(world, frozenset({Role.ADMIN}) if admin else ROLES[method.name])
            shown += _secrets(metadata)
            if method.feature is None:
                assert await method.call(product.channel, metadata), method.name
                continue
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await method.call(product.channel, metadata)
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
            assert info(caught.value).reason == "FEATURE_NOT_OFFERED"
            assert dict(info(caught.value).metadata) == {"feature": method.feature}
    security = {vars(record)["event"] for record in caplog.records if record.name == "groundwire.security"}
    assert security <= {"block_appealed", "document_released"}, "none was denied"
    told = repr([vars(record) for record in caplog.records]) + product.spans.everything()
    assert len(shown) >= 2 * len(METHODS)
    assert not any(secret in told for secret in shown)
