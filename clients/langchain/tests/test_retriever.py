"""The retriever passes LangChain's standard tests, and says all that a passage says."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from langchain_core.runnables import ConfigurableField
from langchain_tests.integration_tests import RetrieversIntegrationTests

import groundwire
from groundwire.passages import passage_metadata
from langchain_groundwire import GroundwireRetriever


class TestStandard(RetrieversIntegrationTests):
    """LangChain's own tests of a retriever."""

    @property
    def retriever_constructor(self) -> type[GroundwireRetriever]:
        return GroundwireRetriever

    @property
    def retriever_query_example(self) -> str:
        return "Where are parcels?"


def test_a_document_says_all_that_its_passage_says(clients: groundwire.Clients) -> None:
    found = GroundwireRetriever(clients=clients, k=2).invoke("Who may sign for parcels?")
    passages = clients.sync.retrieve("Who may sign for parcels?", top_k=2).passages

    assert [document.id for document in found] == [passage.chunk_id for passage in passages]
    assert [document.page_content for document in found] == [passage.text for passage in passages]
    assert [document.metadata for document in found] == [passage_metadata(passage) for passage in passages]
    assert found[0].metadata["source_uri"] == "https://docs.example/desk.md"
    assert found[0].metadata["metadata"] == {"topic": "mail"}
    assert found[0].metadata["scores"]["relevance"] > 0


def test_one_retriever_serves_threads_and_one_event_loop_after_the_other(clients: groundwire.Clients) -> None:
    retriever = GroundwireRetriever(clients=clients, k=2)

    found = [
        retriever.invoke("parcels"),
        asyncio.run(retriever.ainvoke("parcels")),
        asyncio.run(retriever.ainvoke("parcels")),
        *retriever.batch(["parcels"] * 3),
    ]

    assert [[document.id for document in each] for each in found] == [[document.id for document in found[0]]] * 6
    assert len(found[0]) == 2


def test_a_filter_narrows_the_search(clients: groundwire.Clients, topic: Callable[[str], Any]) -> None:
    retriever = GroundwireRetriever(clients=clients, filter=topic("cars"))

    assert [document.metadata["document_id"] for document in retriever.invoke("parcels parked")] == ["car"]
    assert "car" not in {
        document.metadata["document_id"] for document in retriever.invoke("parcels parked", filter=topic("mail"))
    }


async def test_a_timeout_is_the_deadline_of_the_call(clients: groundwire.Clients) -> None:
    late = GroundwireRetriever(clients=clients, timeout=1e-6)
    configurable = GroundwireRetriever(clients=clients).configurable_fields(timeout=ConfigurableField(id="timeout"))

    for search in (
        late.ainvoke("parcels"),
        GroundwireRetriever(clients=clients).ainvoke("parcels", timeout=1e-6),
        configurable.ainvoke("parcels", {"configurable": {"timeout": 1e-6}}),
    ):
        with pytest.raises(groundwire.Error) as failed:
            await search
        assert failed.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await configurable.ainvoke("parcels")
    assert late.invoke("parcels", timeout=20)


def test_a_failed_call_raises_with_its_reason(clients: groundwire.Clients) -> None:
    with pytest.raises(groundwire.Error) as failed:
        GroundwireRetriever(clients=clients, route="unknown").invoke("parcels")

    assert failed.value.code is grpc.StatusCode.NOT_FOUND


def test_an_argument_that_it_does_not_know_is_refused(clients: groundwire.Clients) -> None:
    with pytest.raises(TypeError, match="top_k"):
        GroundwireRetriever(clients=clients).invoke("parcels", top_k=3)


def test_no_credential_is_shown_or_serialized() -> None:
    with groundwire.Clients("localhost:1", api_key="gw_secret") as clients:
        retriever = GroundwireRetriever(clients=clients)
        assert "gw_secret" not in repr(retriever)
        assert "clients" not in retriever.model_dump()
