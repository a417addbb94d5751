"""LlamaIndex's responses, with the outcome of the question."""

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from typing import Any

from llama_index.core.base.response.schema import AsyncStreamingResponse, Response, StreamingResponse
from llama_index.core.schema import NodeWithScore

from groundwire import AnswerStream, Outcome, SyncAnswerStream
from groundwire.outcomes import text_or_reason
from llama_index.indices.managed.groundwire.nodes import source_nodes


@dataclass
class GroundwireResponse(Response):
    """An answer, or the reason why there is none.

    Attributes:
        response: the text; None where the outcome carries none.
        outcome: how the question ended.
    """

    outcome: Outcome = field(kw_only=True)

    def __str__(self) -> str:
        """Return the text, or one line that says why there is none."""
        return text_or_reason(self.outcome)


@dataclass
class GroundwireStreamingResponse(StreamingResponse):
    """An answer whose text comes in pieces; the nodes, the metadata and the outcome are there once it was read.

    Attributes:
        outcome: how the question ended; None until then.
    """

    outcome: Outcome | None = None


@dataclass
class GroundwireAsyncStreamingResponse(AsyncStreamingResponse):
    """The same for asyncio."""

    outcome: Outcome | None = None


def response_of(outcome: Outcome) -> GroundwireResponse:
    """Return an outcome as a response."""
    return GroundwireResponse(
        response=outcome.text or None,
        source_nodes=source_nodes(outcome),
        metadata=outcome_metadata(outcome),
        outcome=outcome,
    )


def streaming_response(events: SyncAnswerStream) -> GroundwireStreamingResponse:
    """Return the events of an answer as a response; leaving its text ends the answer at the server."""
    nodes: list[NodeWithScore] = []
    metadata: dict[str, Any] = {}

    def pieces() -> Generator[str, None, None]:
        with events:
            yield from events.text()
        response.outcome = _fill(events.outcome, nodes, metadata)

    response = GroundwireStreamingResponse(response_gen=pieces(), source_nodes=nodes, metadata=metadata)
    return response


def async_streaming_response(events: AnswerStream) -> GroundwireAsyncStreamingResponse:
    """Return the events of an answer as a response for asyncio; leaving its text ends the answer at the server."""
    nodes: list[NodeWithScore] = []
    metadata: dict[str, Any] = {}

    async def pieces() -> AsyncGenerator[str, None]:
        async with events:
            async for piece in events.text():
                yield piece
        response.outcome = _fill(events.outcome, nodes, metadata)

    response = GroundwireAsyncStreamingResponse(response_gen=pieces(), source_nodes=nodes, metadata=metadata)
    return response


def outcome_metadata(outcome: Outcome) -> dict[str, Any]:
    """Return what an outcome says beside its text and its sources, as values that JSON can hold."""
    report = outcome.report
    return {
        "outcome": outcome.kind,
        "next_step": outcome.next_step.name,
        "cause": outcome.cause,
        "action": outcome.action,
        "verified": outcome.verified,
        "prompt_name": report.prompt_name,
        "prompt_version": report.prompt_version,
        "experiment_arm": report.experiment_arm,
        "model": report.model,
        "request_id": report.request_id,
        "trace_id": report.trace_id,
    }


def _fill(outcome: Outcome | None, nodes: list[NodeWithScore], metadata: dict[str, Any]) -> Outcome | None:
    """Put what an outcome says into the lists that a response was made with."""
    if outcome is not None:
        nodes.extend(source_nodes(outcome))
        metadata.update(outcome_metadata(outcome))
    return outcome
