"""A model that is asked for one document, where nothing is shown before the end and no other model waits."""

import json
from typing import Any

import pytest

from groundwire.v1 import event_pb2
from tests.doubles.upstream import Reply, Upstream
from tests.e2e.calls import answer, stream
from tests.e2e.generation.conftest import Serve, two, two_models
from tests.e2e.generation.drafts import SENTENCE, answers, segments

MESSAGE = {"role": "assistant", "content": "".join(segments(SENTENCE))}
DOCUMENT = Reply(
    [json.dumps({"choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}]}).encode()],
    headers=(("Content-Type", "application/json"),),
)
DOWN = Reply([], "500 Internal Server Error")


def streamed(double: Upstream) -> list[bool]:
    """Whether each request of a provider asked for a stream."""
    return [json.loads(request.body)["stream"] for request in double.requests]


async def test_the_last_model_is_asked_for_a_document_and_the_first_for_a_stream(configured: Serve) -> None:
    once: dict[str, Any] = {"whole_document": True, "retry": {"max_attempts": 1}}
    async with two([DOWN], [DOCUMENT]) as (first, second):
        sections = two_models(first, second, **once)
        sections["models"]["small"] |= once
        async with configured(sections) as served:
            outcome = await answer(served)
        assert outcome.degraded.answer.text == SENTENCE
        assert (streamed(first), streamed(second)) == ([True], [False])


@pytest.mark.parametrize("mode", [event_pb2.STREAM_MODE_CHECKED, event_pb2.STREAM_MODE_PROVISIONAL])
async def test_a_streamed_answer_is_asked_for_as_a_stream(configured: Serve, mode: event_pb2.StreamMode) -> None:
    async with two([answers()], [answers()]) as (first, second):
        sections = two_models(first, second, whole_document=True)
        sections["routes"]["default"]["models"] = ["large"]
        async with configured(sections) as served:
            events = await stream(served, mode=mode)
        assert events[-1].outcome.answered.answer.text == SENTENCE
        assert streamed(first) == [True]
