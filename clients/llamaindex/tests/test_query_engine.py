"""The query engine's responses keep their typed outcome, and are streamed as they come."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import AsyncStreamingResponse, Response, StreamingResponse
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events import BaseEvent
from llama_index.core.instrumentation.events.query import QueryEndEvent
from llama_index.core.llms.mock import MockLLM
from llama_index.core.query_engine import RouterQueryEngine
from llama_index.core.response_synthesizers import TreeSummarize
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.core.selectors import EmbeddingSingleSelector
from llama_index.core.tools import QueryEngineTool
from llama_index_instrumentation import get_dispatcher

import groundwire
from groundwire import NextStep
from llama_index.indices.managed.groundwire import (
    GroundwireAsyncStreamingResponse,
    GroundwireQueryEngine,
    GroundwireResponse,
    GroundwireStreamingResponse,
)

QUESTION = "Who may sign for parcels?"
ANSWER = "Only the porter may sign for parcels."


def test_its_class_is_a_query_engine() -> None:
    """As every integration of LlamaIndex asserts."""
    assert BaseQueryEngine.__name__ in [base.__name__ for base in GroundwireQueryEngine.__mro__]


def of_groundwire(response: object) -> GroundwireResponse:
    assert isinstance(response, GroundwireResponse)
    return response


def assert_answered(response: Any) -> None:
    outcome = response.outcome
    assert isinstance(outcome, groundwire.Answered | groundwire.Cached)
    assert ANSWER in str(response)
    assert str(response) == outcome.text
    assert response.metadata == {
        "outcome": outcome.kind,
        "next_step": "SHOW",
        "cause": outcome.cause,
        "action": outcome.action,
        "verified": True,
        "prompt_name": "answer",
        "prompt_version": outcome.report.prompt_version,
        "experiment_arm": "",
        "model": "extractive",
        "request_id": outcome.report.request_id,
        "trace_id": outcome.report.trace_id,
    }
    assert json.loads(json.dumps(response.metadata)) == response.metadata
    (source,) = response.source_nodes
    assert ANSWER in source.text
    assert source.node_id == outcome.citations[0].chunk_id
    assert source.metadata["source_uri"] == "https://docs.example/desk.md"
    assert source.node.ref_doc_id == "desk"


async def test_a_response_has_its_sources_and_its_outcome(clients: groundwire.Clients) -> None:
    engine = GroundwireQueryEngine(clients)

    for response in (engine.query(QUESTION), await engine.aquery(QueryBundle(QUESTION))):
        assert isinstance(response, Response)
        assert_answered(response)


def test_a_streamed_response_is_whole_once_it_was_read(clients: groundwire.Clients) -> None:
    response = GroundwireQueryEngine(clients, streaming=True).query(QUESTION)

    assert isinstance(response, StreamingResponse)
    assert isinstance(response, GroundwireStreamingResponse)
    assert (response.outcome, response.source_nodes, response.metadata) == (None, [], {})
    plain = response.get_response()
    assert_answered(response)
    assert (plain.source_nodes, plain.metadata) == (response.source_nodes, response.metadata)


async def test_a_streamed_response_of_asyncio_is_whole_once_it_was_read(clients: groundwire.Clients) -> None:
    response = await GroundwireQueryEngine(clients, streaming=True).aquery(QUESTION)

    assert isinstance(response, AsyncStreamingResponse)
    assert isinstance(response, GroundwireAsyncStreamingResponse)
    pieces = [piece async for piece in response.async_response_gen()]
    assert response.outcome is not None
    assert "".join(pieces) == response.outcome.text
    assert (await response.get_response()).response == response.outcome.text
    assert response.metadata is not None
    assert response.metadata["next_step"] == "SHOW"
    assert [node.metadata["document_id"] for node in response.source_nodes] == ["desk"]


async def test_a_stream_that_is_left_is_ended(clients: groundwire.Clients) -> None:
    engine = GroundwireQueryEngine(clients, streaming=True)
    response: Any = engine.query(QUESTION)
    assert next(response.response_gen)
    assert "1 streams open" in repr(clients.sync)
    response.response_gen.close()
    assert "0 streams open" in repr(clients.sync)

    response = await engine.aquery(QUESTION)
    assert await anext(response.response_gen)
    assert "1 streams open" in repr(clients.aio)
    await response.response_gen.aclose()
    assert "0 streams open" in repr(clients.aio)


def test_a_stream_that_nobody_reads_asks_nothing(clients: groundwire.Clients) -> None:
    response = GroundwireQueryEngine(clients, streaming=True, route="unknown").query(QUESTION)

    with pytest.raises(groundwire.Error):
        str(response)


@pytest.mark.parametrize(
    ("route", "question", "kind", "step", "said"),
    [
        ("default", "How tall is the Eiffel tower?", groundwire.Abstained, NextStep.REPHRASE, "No answer: abstained, "),
        ("degrading", QUESTION, groundwire.Degraded, NextStep.SHOW_WITH_CAUTION, "No answer: degraded, MODEL_"),
        ("failing", QUESTION, groundwire.FailedSafe, NextStep.RETRY_AFTER, "No answer: failed_safe, MODEL_"),
    ],
)
async def test_what_was_planned_for_is_a_response(
    clients: groundwire.Clients, route: str, question: str, kind: type[Any], step: NextStep, said: str
) -> None:
    engine = GroundwireQueryEngine(clients, route=route)

    for response in map(of_groundwire, (engine.query(question), await engine.aquery(question))):
        assert response.response is None
        assert isinstance(response.outcome, kind)
        assert response.outcome.next_step is step
        assert str(response).startswith(said)
        assert response.metadata is not None
        assert (response.metadata["outcome"], response.metadata["verified"]) == (response.outcome.kind, False)


def test_passages_that_come_without_an_answer_are_sources(clients: groundwire.Clients) -> None:
    response = of_groundwire(GroundwireQueryEngine(clients, route="degrading").query(QUESTION))

    assert isinstance(response.outcome, groundwire.Degraded)
    assert [node.text for node in response.source_nodes] == [passage.text for passage in response.outcome.passages]
    assert response.source_nodes[0].metadata["document_id"] == "desk"


async def test_a_failed_call_raises_with_its_reason(clients: groundwire.Clients) -> None:
    engine = GroundwireQueryEngine(clients, route="unknown")

    with pytest.raises(groundwire.Error) as failed:
        engine.query(QUESTION)
    assert failed.value.code is grpc.StatusCode.NOT_FOUND
    with pytest.raises(groundwire.Error):
        await engine.aquery(QUESTION)


def test_a_timeout_is_the_deadline_of_the_call(clients: groundwire.Clients) -> None:
    def seconds(engine: GroundwireQueryEngine) -> float:
        stages = of_groundwire(engine.query(QUESTION)).outcome.report.stages
        return max(stage.budget.ToTimedelta().total_seconds() for stage in stages)

    assert 2.5 < seconds(GroundwireQueryEngine(clients, timeout=3)) < 3.5  # the wire carries few digits
    assert 15 < seconds(GroundwireQueryEngine(clients)) < 20.5


def test_a_filter_narrows_the_search(clients: groundwire.Clients, topic: Callable[[str], Any]) -> None:
    response = of_groundwire(GroundwireQueryEngine(clients, filter=topic("cars")).query(QUESTION))

    assert isinstance(response.outcome, groundwire.Abstained)


async def test_an_end_user_keeps_an_arm_of_the_experiment(clients: groundwire.Clients) -> None:
    engine = GroundwireQueryEngine(clients, route="knowing", end_user_id="visitor-1")

    responses = [engine.query(QUESTION), engine.query(QUESTION), await engine.aquery(QUESTION)]

    arms = {of_groundwire(response).outcome.report.experiment_arm for response in responses}
    assert len(arms) == 1
    assert arms <= {"new-prompt/control", "new-prompt/candidate"}
    assert {response.metadata["experiment_arm"] for response in responses if response.metadata} == arms
    without = of_groundwire(GroundwireQueryEngine(clients, route="knowing").query(QUESTION))
    assert without.outcome.report.experiment_arm == ""


async def test_values_of_the_caller_reach_the_route(clients: groundwire.Clients) -> None:
    engine = GroundwireQueryEngine(clients, route="knowing", context={"plan": "pro", "locale": "no language"})

    with pytest.raises(groundwire.Error) as failed:
        engine.query(QUESTION)
    assert [violation.field for violation in failed.value.violations] == ["question.context[locale]"]
    with pytest.raises(groundwire.Error):
        await engine.aquery(QUESTION)
    known = GroundwireQueryEngine(clients, route="knowing", context={"plan": "pro", "locale": "en-GB"})
    assert ANSWER in str(known.query(QUESTION))


async def test_nodes_of_the_callers_own_are_answered_from(clients: groundwire.Clients) -> None:
    engine = GroundwireQueryEngine(clients, similarity_top_k=1)
    moon, shed, more = (
        NodeWithScore(node=TextNode(id_=name, text=text, metadata={"file_name": f"{name}.txt"}))
        for name, text in (
            ("moon", "The moon is far away."),
            ("shed", "Bicycles are kept in the shed."),
            ("more", "Read more elsewhere."),
        )
    )
    question = QueryBundle("Where are bicycles kept?")

    for response in (
        engine.synthesize(question, [moon, shed], [more]),
        await engine.asynthesize(question, [moon, shed], [more]),
    ):
        assert str(response) == "Bicycles are kept in the shed."
        assert [node.node_id for node in response.source_nodes] == ["shed", "more"]
        assert response.source_nodes[0].metadata["title"] == "shed.txt"


async def test_it_retrieves_what_it_would_answer_from(clients: groundwire.Clients) -> None:
    engine = GroundwireQueryEngine(clients, similarity_top_k=2)

    found = [engine.retrieve(QueryBundle(QUESTION)), await engine.aretrieve(QueryBundle(QUESTION))]

    assert [[node.node_id for node in each] for each in found] == [[node.node_id for node in found[0]]] * 2
    assert len(found[0]) == 2


async def test_an_agent_reads_the_answer_or_why_there_is_none(clients: groundwire.Clients) -> None:
    tool = QueryEngineTool.from_defaults(GroundwireQueryEngine(clients), name="handbook", description="the handbook")

    assert ANSWER in tool.call(QUESTION).content
    assert "next step REPHRASE" in (await tool.acall("How tall is the Eiffel tower?")).content


def test_a_router_of_llamaindex_passes_the_response_on(clients: groundwire.Clients) -> None:
    tool = QueryEngineTool.from_defaults(GroundwireQueryEngine(clients), name="handbook", description="the handbook")
    selector = EmbeddingSingleSelector.from_defaults(embed_model=MockEmbedding(4))
    router = RouterQueryEngine(selector, [tool], llm=MockLLM(), summarizer=TreeSummarize(llm=MockLLM()))
    response = of_groundwire(router.query(QUESTION))

    assert ANSWER in str(response)
    assert response.metadata is not None
    # LlamaIndex adds what it selected.
    assert response.metadata["outcome"] == response.outcome.kind


def test_llamaindex_sees_the_query_begin_and_end(clients: groundwire.Clients) -> None:
    seen: list[BaseEvent] = []

    class Seen(BaseEventHandler):
        def handle(self, event: BaseEvent, **kwargs: Any) -> None:
            seen.append(event)

    root = get_dispatcher()
    handler = Seen()
    root.add_event_handler(handler)
    try:
        response = GroundwireQueryEngine(clients).query(QUESTION)
    finally:
        root.event_handlers.remove(handler)

    (ended,) = [event for event in seen if isinstance(event, QueryEndEvent)]
    assert ended.response is response


def test_one_engine_serves_one_event_loop_after_the_other(clients: groundwire.Clients) -> None:
    engine = GroundwireQueryEngine(clients)

    for _ in range(2):
        assert ANSWER in str(asyncio.run(engine.aquery(QUESTION)))
