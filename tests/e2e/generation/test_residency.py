"""Where a question and its documents may go."""

from typing import Any

import pytest

from groundwire.v1 import answer_service_pb2, outcome_pb2
from tests.doubles.upstream import Reply, Upstream
from tests.e2e.calls import answer, ingest, question, stream
from tests.e2e.generation.conftest import Serve, Served, model, provider, two, two_models
from tests.e2e.generation.drafts import DOCUMENTS, SENTENCE, answers

DOWN = Reply([], "500 Internal Server Error")
OTHER = (("groundwire-tenant", "other"), ("groundwire-subject", "bob"))


async def asked_in_every_way(served: Served) -> list[outcome_pb2.Outcome]:
    provided = {"passages": [{"passage_id": "mine", "text": SENTENCE}]}
    return [
        await answer(served),
        (await stream(served))[-1].outcome,
        (await stream(served, request_id="request-0001"))[-1].outcome,
        await answer(served, question(provided=provided)),
    ]


def barred(first: Upstream, second: Upstream, how: str) -> dict[str, Any]:
    """The sections of a server that may not ask the first provider for `acme`."""
    sections = two_models(first, second)
    if how == "route":
        sections["routes"]["default"]["self_hosted_only"] = True
    else:
        sections["self_hosted_only"] = ["acme"]
    return sections


@pytest.mark.parametrize("how", ["route", "tenant"])
async def test_a_hosted_provider_is_never_reached_where_it_is_barred(configured: Serve, how: str) -> None:
    async with two([answers()], [answers()]) as (hosted, own), configured(barred(hosted, own, how)) as served:
        for outcome in await asked_in_every_way(served):
            # Nothing was given up: the chain begins with the first model that may be asked.
            assert outcome.answered.answer.text == SENTENCE
            assert outcome.report.model == "small"
        assert len(own.requests) == 4
        assert hosted.connections == 0


@pytest.mark.parametrize("how", ["route", "tenant"])
async def test_a_hosted_provider_is_not_what_is_left_when_all_else_fails(configured: Serve, how: str) -> None:
    async with two([answers()], [DOWN]) as (hosted, own), configured(barred(hosted, own, how)) as served:
        for outcome in await asked_in_every_way(served):
            assert outcome.action == outcome_pb2.ACTION_PASSAGES_ONLY
        assert own.requests
        assert hosted.connections == 0


async def test_other_tenants_and_routes_ask_as_they_did(configured: Serve) -> None:
    async with two([answers()], [answers()]) as (hosted, own):
        sections = barred(hosted, own, "tenant")
        sections["routes"]["inside"] = {**sections["routes"]["default"], "self_hosted_only": True}
        async with configured(sections) as served:
            await ingest(served, *DOCUMENTS, metadata=OTHER)
            for route, expected in (("", "large"), ("inside", "small")):
                request = answer_service_pb2.AnswerRequest(question=question(route=route))
                response = await served.answers.Answer(request, metadata=OTHER, timeout=10)
                assert response.outcome.report.model == expected
        assert (len(hosted.requests), len(own.requests)) == (1, 1)


async def test_no_rule_leads_to_a_hosted_provider_where_it_is_barred(configured: Serve) -> None:
    rules = [
        {"name": "hosted", "when": {"question_chars": {"max": 500}}, "models": ["large"]},
        {"name": "either", "models": ["large", "small"]},
    ]
    async with two([answers()], [answers()]) as (hosted, own):
        sections = barred(hosted, own, "tenant")
        sections["routes"]["default"]["routing"] = rules
        async with configured(sections) as served:
            await ingest(served, *DOCUMENTS, metadata=OTHER)
            for outcome in await asked_in_every_way(served):
                assert outcome.answered.answer.text == SENTENCE
                assert outcome.report.model == "small"
            assert hosted.connections == 0
            request = answer_service_pb2.AnswerRequest(question=question())
            response = await served.answers.Answer(request, metadata=OTHER, timeout=10)
            assert response.outcome.report.model == "large"


async def test_what_is_barred_while_the_server_runs_is_barred_from_then_on(configured: Serve) -> None:
    async with two([answers()], [answers()]) as (hosted, own), configured(two_models(hosted, own)) as served:
        await answer(served)
        before = hosted.connections
        assert before == 1
        sections = barred(hosted, own, "tenant")
        # Another configuration of the provider, too: it must not open a connection.
        sections["providers"]["cloud"]["max_connections"] = 7
        assert await served.reconfigured(sections)
        await asked_in_every_way(served)
        assert (len(hosted.requests), hosted.connections) == (1, before)
        assert len(own.requests) == 4


async def test_the_trace_says_who_runs_the_model(configured: Serve) -> None:
    async with two([DOWN], [answers()]) as (hosted, own), configured(two_models(hosted, own)) as served:
        await answer(served)
        spans = served.spans
        assert spans.attributes("chat cloud-test")["groundwire.residency"] == "hosted"
        assert spans.attributes("chat house-test")["groundwire.residency"] == "self_hosted"
        assert spans.attributes("chat cloud-test")["gen_ai.provider.name"] == "cloud"


async def test_a_provider_is_shared_by_configurations_in_turn(configured: Serve) -> None:
    async with two([answers()], [answers()]) as (hosted, own), configured(two_models(hosted, own)) as served:
        await answer(served)
        sections = two_models(hosted, own)
        sections["models"]["third"] = model("house")
        assert await served.reconfigured(sections)
        await answer(served)
        assert (hosted.connections, len(hosted.requests)) == (1, 2)
        sections["providers"]["cloud"] = provider(own)
        assert await served.reconfigured(sections)
        await answer(served)
        assert len(hosted.requests) == 2
        assert len(own.requests) == 1
