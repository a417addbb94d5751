"""On whose behalf a model server works is what the credentials say, never what a caller writes into its metadata."""

import json

from groundwire.v1 import answer_service_pb2, question_pb2
from tests.doubles.upstream import upstream
from tests.e2e.calls import ACME, question
from tests.e2e.generation.conftest import ROUTE, Serve, model, provider
from tests.e2e.generation.drafts import answers

FORGED = (
    ("x-llm-d-inference-fairness-id", "forged"),
    ("x-llm-d-inference-objective", "forged"),
    ("x-gateway-inference-fairness-id", "forged"),
    ("x-gateway-inference-objective", "forged"),
    ("x-llm-d-slo-ttft-ms", "1"),
    ("priority", "-7"),
)


async def test_the_server_gets_the_callers_tenant_and_priority_and_no_header_that_the_caller_sent(
    configured: Serve,
) -> None:
    async with upstream(answers()) as own:
        told = {"headers": "llm_d", "tenant": "name", "objectives": {"background": "batch"}, "priority": True}
        house = provider(own, profile="vllm", residency="self_hosted", scheduling=told, readiness={"probe": False})
        sections = {
            "providers": {"house": house},
            "models": {"small": model("house")},
            "routes": {"default": {**ROUTE, "models": ["small"]}},
        }
        asked = question()
        asked.priority = question_pb2.PRIORITY_BACKGROUND
        async with configured(sections) as served:
            request = answer_service_pb2.AnswerRequest(question=asked)
            await served.answers.Answer(request, metadata=(*ACME, *FORGED), timeout=10.0)
    (sent,) = own.requests
    assert {name: value for name, value in sent.headers.items() if name.startswith("x-") or name == "priority"} == {
        "x-llm-d-inference-fairness-id": "acme",
        "x-llm-d-inference-objective": "batch",
    }
    assert json.loads(sent.body)["priority"] == 1
    assert "forged" not in str(sent.headers) + sent.body.decode()
