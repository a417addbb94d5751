"""The retriever is LlamaIndex's, and says all that a passage says."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.llms.mock import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import MetadataMode, QueryBundle, TextNode

import groundwire
from groundwire.passages import best_score, passage_metadata
from llama_index.indices.managed.groundwire import GroundwireRetriever

QUESTION = "Who may sign for parcels?"


def test_its_class_is_a_retriever() -> None:
    """As every integration of LlamaIndex asserts."""
    assert BaseRetriever.__name__ in [base.__name__ for base in GroundwireRetriever.__mro__]


def test_a_node_says_all_that_its_passage_says(clients: groundwire.Clients) -> None:
    found = GroundwireRetriever(clients, similarity_top_k=2).retrieve(QUESTION)
    passages = clients.sync.retrieve(QUESTION, top_k=2).passages

    assert [node.node_id for node in found] == [passage.chunk_id for passage in passages]
    assert [node.text for node in found] == [passage.text for passage in passages]
    assert [node.metadata for node in found] == [passage_metadata(passage) for passage in passages]
    assert [node.score for node in found] == [best_score(passage) for passage in passages]
    first = found[0].node
    assert first.metadata["source_uri"] == "https://docs.example/desk.md"
    assert first.metadata["metadata"] == {"topic": "mail"}
    assert first.ref_doc_id == "desk"


def test_a_model_reads_where_a_passage_stands_and_no_ids(clients: groundwire.Clients) -> None:
    node = GroundwireRetriever(clients, similarity_top_k=1).retrieve(QUESTION)[0].node

    for mode in (MetadataMode.LLM, MetadataMode.EMBED):
        read = node.get_content(mode)
        assert "title: The desk" in read
        assert node.node_id not in read
        assert "relevance" not in read


def test_a_node_can_be_stored_and_read_back(clients: groundwire.Clients) -> None:
    node = GroundwireRetriever(clients, similarity_top_k=1).retrieve(QUESTION)[0].node

    assert TextNode.from_json(node.to_json()) == node


def test_one_retriever_serves_threads_and_one_event_loop_after_the_other(clients: groundwire.Clients) -> None:
    retriever = GroundwireRetriever(clients, similarity_top_k=2)

    found = [
        retriever.retrieve(QueryBundle("parcels")),
        asyncio.run(retriever.aretrieve("parcels")),
        asyncio.run(retriever.aretrieve("parcels")),
    ]

    assert [[node.node_id for node in each] for each in found] == [[node.node_id for node in found[0]]] * 3
    assert len(found[0]) == 2


def test_a_filter_narrows_the_search(clients: groundwire.Clients, topic: Callable[[str], Any]) -> None:
    nodes = GroundwireRetriever(clients, filter=topic("cars")).retrieve("parcels parked")

    assert [node.metadata["document_id"] for node in nodes] == ["car"]


async def test_a_timeout_is_the_deadline_of_the_call(clients: groundwire.Clients) -> None:
    retriever = GroundwireRetriever(clients, timeout=1e-6)

    with pytest.raises(groundwire.Error) as failed:
        retriever.retrieve("parcels")
    assert failed.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    with pytest.raises(groundwire.Error):
        await retriever.aretrieve("parcels")


def test_a_failed_call_raises_with_its_reason(clients: groundwire.Clients) -> None:
    with pytest.raises(groundwire.Error) as failed:
        GroundwireRetriever(clients, route="unknown").retrieve("parcels")

    assert failed.value.code is grpc.StatusCode.NOT_FOUND


async def test_it_serves_a_query_engine_of_llamaindex(clients: groundwire.Clients) -> None:
    engine = RetrieverQueryEngine.from_args(GroundwireRetriever(clients, similarity_top_k=1), llm=MockLLM())

    for response in (engine.query(QUESTION), await engine.aquery(QUESTION)):
        assert "Only the porter may sign for parcels." in str(response)
        assert [node.metadata["document_id"] for node in response.source_nodes] == ["desk"]
