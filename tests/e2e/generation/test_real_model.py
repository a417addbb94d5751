"""A real model behind the whole server; `tests/adapters/generator/wire/test_real_model.py` says how to name one."""

import asyncio
import os
from typing import Any

import pytest

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    event_pb2,
)
from tests.e2e.calls import ACME, answer, kept_text, kinds, question, stream
from tests.e2e.generation.conftest import ROUTE, Serve

URL = os.environ.get("GROUNDWIRE_TEST_OPENAI_URL", "")
PATIENT = {"bounds": {"first_token_seconds": 60, "silence_seconds": 60}, "temperature": 0.0}

pytestmark = pytest.mark.skipif(not URL, reason="GROUNDWIRE_TEST_OPENAI_URL names no server")


def sections(actions: list[str]) -> dict[str, Any]:
    """A small model may well say what cannot be shown: then the one that quotes answers."""
    profile = os.environ.get("GROUNDWIRE_TEST_OPENAI_PROFILE", "llamacpp")
    model = os.environ.get("GROUNDWIRE_TEST_OPENAI_MODEL", "local")
    causes = [cause for cause in cause_pb2.Cause.keys() if cause.startswith(("CAUSE_OUTPUT_", "CAUSE_CITATION_"))]  # noqa: SIM118
    others = ["UNSUPPORTED", "CONTRADICTED", "MODEL_ABSTAINED", "CONFIDENCE_NOT_ALLOWED"]
    row = {cause.removeprefix("CAUSE_"): actions for cause in (*causes, *others)}
    return {
        "providers": {"house": {"kind": "openai", "profile": profile, "base_url": URL, "residency": "self_hosted"}},
        "models": {
            "small": {"kind": "openai", "provider": "house", "model": model, **PATIENT},
            "quoting": {"kind": "extractive"},
        },
        "routes": {
            "default": {
                **ROUTE,
                "thresholds": {"min_relevance": 0.05, "confidence": ["LOW", "MEDIUM", "HIGH"]},
                "models": ["small", "quoting"],
                "self_hosted_only": True,
                "limits": {"output_tokens": 300},
                "fallbacks": row,
            }
        },
    }


@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
async def test_it_is_asked_counted_and_checked(configured: Serve, streamed: bool) -> None:
    async with configured(sections(["REPAIR", "NEXT_MODEL", "PASSAGES_ONLY"])) as served:
        if streamed:
            events = await stream(served, seconds=55)
            outcome = events[-1].outcome
            assert kinds(events)[0] == "started"
            text = outcome.answered.answer.text or outcome.degraded.answer.text
            assert kept_text(events) == text
        else:
            outcome = await answer(served, seconds=55)
        assert outcome.WhichOneof("result") in {"answered", "degraded"}
        assert (outcome.answered.answer.text or outcome.degraded.answer.text) != ""
        assert served.spans.each("chat local")[0]["groundwire.residency"] == "self_hosted"
        read = served.spans.each("groundwire.generate")[0]["groundwire.usage.input_tokens"]
        assert isinstance(read, int)
        assert read > 100


async def test_a_caller_that_leaves_frees_it_for_the_next(configured: Serve) -> None:
    async with configured(sections(["NEXT_MODEL"])) as served:
        request = answer_service_pb2.StreamAnswerRequest(question=question(), mode=event_pb2.STREAM_MODE_PROVISIONAL)
        for _ in range(3):
            call = served.answers.StreamAnswer(request, metadata=ACME, timeout=50)
            async for event in call:
                if event.HasField("text_delta"):
                    break
            call.cancel()
        async with asyncio.timeout(50):
            outcome = await answer(served, seconds=45)
        assert outcome.WhichOneof("result") in {"answered", "degraded"}
