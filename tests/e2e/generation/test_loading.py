"""A model of one's own that is loading: the next one answers until it is ready, and the server serves all the while."""

import asyncio

from grpc_health.v1 import health_pb2, health_pb2_grpc

from groundwire.v1 import cause_pb2, outcome_pb2
from tests.doubles.upstream import Reply
from tests.e2e.calls import answer
from tests.e2e.generation.conftest import ROUTE, Serve, model, provider, two
from tests.e2e.generation.drafts import answers

LOADING = Reply([b'{"error":{"message":"Loading model"}}'], "503 Service Unavailable")
LONG = 30.0
"""Seconds, of a time that is skipped."""


async def test_the_next_model_answers_until_the_first_is_ready(configured: Serve) -> None:
    async with two([LOADING], [answers()]) as (own, hosted):
        house = provider(own, profile="vllm", residency="self_hosted")
        sections = {
            "providers": {"house": house, "cloud": provider(hosted)},
            "models": {"small": model("house"), "large": model()},
            "routes": {"default": {**ROUTE, "models": ["small", "large"]}},
        }
        async with configured(sections) as served:
            for _ in range(3):
                outcome = await answer(served)
                assert outcome.cause == cause_pb2.CAUSE_MODEL_NOT_READY
                assert outcome.action == outcome_pb2.ACTION_NEXT_MODEL
                assert (outcome.report.attempts, outcome.report.model) == (2, "large")
            assert {request.path for request in own.requests} == {"/health"}
            health = health_pb2_grpc.HealthStub(served.channel)
            assert (
                await health.Check(health_pb2.HealthCheckRequest())
            ).status == health_pb2.HealthCheckResponse.SERVING

            own.replies[:] = [Reply([b"{}"]), answers()]
            await asyncio.sleep(LONG)
            outcome = await answer(served)
            assert outcome.WhichOneof("result") == "answered"
            assert (outcome.report.attempts, outcome.report.model) == (1, "small")
