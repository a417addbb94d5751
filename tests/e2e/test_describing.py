"""What a server says of itself: its routes, its features and limits, and whom it takes the caller for."""

from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from google.protobuf.message import Message

from groundwire.v1 import (
    answer_service_pb2,
    document_pb2,
    event_pb2,
    grounding_pb2,
    grounding_service_pb2,
    passage_pb2,
    question_pb2,
    server_info_pb2,
    server_info_service_pb2,
)
from groundwire.v1.server_info_service_pb2_grpc import ServerInfoServiceStub
from groundwire_server.app.configuration.models.queue import QueueConfig
from groundwire_server.domain.caller import Role
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.edge.call import VERSION
from tests.doubles.policies import built_in_policy
from tests.e2e.access.world import World, let_in
from tests.e2e.calls import ACME, SECONDS, info, question, routes
from tests.e2e.conftest import Product, Serve
from tests.e2e.methods import METHODS
from tests.e2e.queueing import webhooks_of


async def server_info(product: Product, metadata: Any = ACME) -> server_info_pb2.ServerInfo:
    stub = ServerInfoServiceStub(product.channel)
    request = server_info_service_pb2.GetServerInfoRequest()
    response: server_info_service_pb2.GetServerInfoResponse = await stub.GetServerInfo(
        request, metadata=metadata, timeout=SECONDS
    )
    return response.server_info


async def test_a_route_says_what_its_callers_may_ask_of_it(product: Product) -> None:
    (route,) = (await routes(product)).routes
    policy = built_in_policy()
    assert (route.name, list(route.models)) == ("default", ["extractive"])
    assert route.mode == event_pb2.STREAM_MODE_CHECKED
    assert list(route.allowed_confidence) == [grounding_pb2.CONFIDENCE_MEDIUM, grounding_pb2.CONFIDENCE_HIGH]
    assert (route.question_limit, route.answer_limit, route.top_k) == (2000, 4000, policy.top_k)
    assert [
        each.ToNanoseconds() / 1e9 for each in (route.default_deadline, route.max_deadline, route.retry_window)
    ] == [
        policy.default_deadline,
        policy.max_deadline,
        policy.retry_window,
    ]


def rule(message: type[Message], field: str, *path: str) -> Any:
    """What the contract itself says of a field, where the server enforces it."""
    options = message.DESCRIPTOR.fields_by_name[field].GetOptions()
    (found,) = [value for extension, value in options.ListFields() if extension.full_name == "buf.validate.field"]
    for part in path:
        found = getattr(found, part)
    return found


async def test_the_limits_are_those_that_the_contract_enforces(product: Product) -> None:
    limits = (await server_info(product)).limits
    assert limits.message_bytes == 16 * 1024 * 1024
    assert limits.document_bytes == rule(document_pb2.Document, "text", "string", "max_bytes")
    assert limits.question_code_points == rule(question_pb2.Question, "text", "string", "max_len")
    assert limits.turns == rule(question_pb2.Question, "turns", "repeated", "max_items")
    assert limits.passages == rule(passage_pb2.ProvidedPassages, "passages", "repeated", "max_items")
    assert limits.passages == rule(passage_pb2.Search, "top_k", "int32", "lte")
    assert limits.facts == rule(grounding_service_pb2.Facts, "facts", "repeated", "max_items")
    assert limits.page_size == 1000
    assert limits.resume_window == rule(answer_service_pb2.StreamAnswerRequest, "resume_window", "duration", "lte")
    assert limits.heartbeat_interval.seconds == 10


async def test_every_feature_is_offered_or_refused_by_name(product: Product) -> None:
    info = await server_info(product)
    assert info.version == VERSION
    offered = {server_info_pb2.Feature.Name(feature).removeprefix("FEATURE_") for feature in info.features}
    refused = {method.feature for method in METHODS if method.feature is not None}
    assert offered
    # A webhook is a field of a call.
    assert offered | refused | {"WEBHOOKS"} == {word.value for word in Feature}
    assert offered & refused == set()


@pytest.mark.parametrize(("tenant", "offered"), [("acme", True), ("globex", False)])
async def test_webhooks_are_offered_to_tenants_that_may_use_them(serve: Serve, tenant: str, offered: bool) -> None:
    async with serve(queue=QueueConfig(webhooks=webhooks_of("acme"))) as product:
        features = (await server_info(product, (("groundwire-tenant", tenant),))).features
        assert (server_info_pb2.FEATURE_WEBHOOKS in features) is offered
        request = answer_service_pb2.SubmitAnswerRequest(question=question())
        request.webhook.url = "https://hooks.example/answers"
        call = product.answers.SubmitAnswer(request, metadata=(("groundwire-tenant", tenant),), timeout=SECONDS)
        if offered:
            assert (await call).name
        else:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            assert dict(info(refused.value).metadata) == {"feature": "WEBHOOKS"}


async def test_a_caller_without_authentication_is_who_it_says(product: Product) -> None:
    caller = (await server_info(product)).caller
    assert (caller.tenant, caller.subject, list(caller.principals)) == ("acme", "alice", ["staff"])
    assert caller.authenticated is False


@pytest.mark.parametrize("role", Role)
async def test_a_caller_of_any_role_learns_whom_the_server_takes_it_for(
    serve: Serve, tmp_path: Path, role: Role
) -> None:
    world = World(tmp_path)
    async with let_in(serve, world) as product:
        caller = (await server_info(product, world.api_key(roles=frozenset({role})))).caller
    assert (caller.tenant, caller.subject, list(caller.principals)) == ("acme", "app", ["staff"])
    assert [server_info_pb2.CallerInfo.Role.Name(each) for each in caller.roles] == [f"ROLE_{role.name}"]
    assert caller.authenticated is True
