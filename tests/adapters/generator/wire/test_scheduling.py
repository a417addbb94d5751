"""How a model server learns a request's tenant and priority."""

import json
from dataclasses import replace
from typing import Any

import pytest

from groundwire_server.adapters.generator.http.generator import HttpGenerator
from groundwire_server.adapters.generator.openai import OpenAiDialect, OpenAiOptions
from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.adapters.providers.scheduling import ObjectivesOptions, SchedulingHeaders, SchedulingOptions
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.options.secret import Secret
from tests.adapters.generator.wire.models import ask, dialect, soon
from tests.adapters.generator.wire.transcripts import transcript
from tests.doubles.upstream import upstream

OBJECTIVES = ObjectivesOptions(interactive="chat", evaluation="offline")


def told(options: SchedulingOptions, priority: Priority = Priority.INTERACTIVE) -> dict[str, str]:
    return dict(SchedulingHeaders(options).of(Requester("acme", "alice", priority=priority)))


@pytest.mark.parametrize(("headers", "prefix"), [("llm_d", "x-llm-d-inference-"), ("gateway", "x-gateway-inference-")])
def test_the_headers_are_those_of_the_gateway(headers: Any, prefix: str) -> None:
    options = SchedulingOptions(headers=headers, tenant="name", objectives=OBJECTIVES)
    assert told(options) == {f"{prefix}fairness-id": "acme", f"{prefix}objective": "chat"}
    assert told(options, Priority.EVALUATION) == {f"{prefix}fairness-id": "acme", f"{prefix}objective": "offline"}
    assert told(options, Priority.BACKGROUND) == {f"{prefix}fairness-id": "acme"}


def test_a_tenant_is_named_by_a_hash_unless_its_name_is_asked_for() -> None:
    def named(key: str | None) -> str:
        secret = None if key is None else Secret("env://TENANT_KEY", key)
        return told(SchedulingOptions(headers="llm_d", tenant_key=secret))["x-llm-d-inference-fairness-id"]

    assert len({named(None), named("one"), named("two"), "acme"}) == 4
    assert named("one") == named("one")
    assert all(len(named(key)) == 16 for key in (None, "one"))


def test_nothing_is_said_unless_it_is_set() -> None:
    assert told(SchedulingOptions(objectives=OBJECTIVES)) == {}
    assert "priority" not in json.loads(dialect("vllm").body(ask()))


async def test_a_request_has_them_beside_its_own_headers() -> None:
    async with upstream(transcript("openai-answer")) as double:
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{double.port}/v1")
        async with Session("house", endpoint) as session:
            scheduling = SchedulingHeaders(SchedulingOptions(headers="llm_d", tenant="name", objectives=OBJECTIVES))
            generator = HttpGenerator(session, dialect("vllm"), scheduling=scheduling)
            assert [piece async for piece in generator.generate(ask(), soon(5.0))]
        (request,) = double.requests
    assert request.headers["x-llm-d-inference-fairness-id"] == "tenant"
    assert request.headers["x-llm-d-inference-objective"] == "chat"
    assert request.headers["authorization"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("priority", "rank"), [(Priority.INTERACTIVE, 0), (Priority.BACKGROUND, 1), (Priority.EVALUATION, 2)]
)
def test_vllm_serves_the_lowest_number_first(priority: Priority, rank: int) -> None:
    spoken = OpenAiDialect(OpenAiOptions(model="m", extra={"priority": 9}), PROFILES["vllm"], priorities=True)
    request = replace(ask(), requester=Requester("acme", priority=priority))
    assert json.loads(spoken.body(request))["priority"] == rank
