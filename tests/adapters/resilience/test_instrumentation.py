"""The span of a dependency's call, by the way in which the call ended."""

import asyncio
from contextlib import nullcontext

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from groundwire_server.adapters.embedder.instrumented import InstrumentedEmbedder
from groundwire_server.adapters.resilience.instrumentation import Instrumentation
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.spans import Spans


@pytest.mark.parametrize(
    ("raised", "seconds", "error", "left"),
    [
        (None, 10.0, None, False),
        (Failure(Cause.MODEL_QUOTA_EXHAUSTED), 10.0, "MODEL_QUOTA_EXHAUSTED", False),
        (ValueError("private"), 10.0, "ValueError", False),
        (asyncio.CancelledError(), 10.0, None, True),
        # By its deadline, or by the one of its caller, whose clock is a little ahead.
        (asyncio.CancelledError(), 0.0, "STORE_TIMEOUT", False),
        (asyncio.CancelledError(), 0.01, "STORE_TIMEOUT", False),
    ],
)
async def test_what_ended_a_call_is_its_error(
    raised: BaseException | None, seconds: float, error: str | None, left: bool
) -> None:
    spans = Spans()
    deadline = Deadline(asyncio.get_running_loop().time() + seconds)
    instrumentation = Instrumentation(spans.recording, "search", {}, late=Cause.STORE_TIMEOUT)
    escaping = nullcontext() if raised is None else pytest.raises(type(raised))
    with escaping, instrumentation.span({}, deadline):
        if raised is not None:
            raise raised
    (span,) = spans.finished
    attributes = spans.attributes("search")
    assert attributes.get("error.type") == error
    assert span.status.status_code is (StatusCode.UNSET if error is None else StatusCode.ERROR)
    assert ("groundwire.cancelled" in attributes) is left
    assert "private" not in spans.everything()


async def test_an_embedder_of_this_process_has_the_span_that_a_provider_has() -> None:
    spans = Spans()
    embedder = InstrumentedEmbedder(HashingEmbedder(), spans.recording)
    await embedder.embed(["a text"], NEVER)
    (span,) = spans.finished
    assert (span.name, span.kind) == (f"embeddings {embedder.model}", SpanKind.INTERNAL)
    attributes = spans.attributes(span.name)
    assert attributes["gen_ai.operation.name"] == "embeddings"
    assert attributes["gen_ai.request.model"] == embedder.model
    assert attributes["gen_ai.embeddings.dimension.count"] == embedder.dimensions
    assert "a text" not in spans.everything()
