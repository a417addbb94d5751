"""Vectors of a provider: where questions and documents go, and where they do not."""

from typing import Any

import pytest

from groundwire.v1 import cause_pb2, document_pb2
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from tests.doubles.embeddings import embedding
from tests.doubles.upstream import Reply, Upstream, upstream
from tests.e2e.calls import answer, ingest, question
from tests.e2e.generation.conftest import ROUTE, Serve, provider
from tests.e2e.generation.drafts import DOCUMENTS

DOWN = Reply([], "401 Unauthorized")
HOUSE = "house"


def over(double: Upstream, **sections: Any) -> dict[str, Any]:
    """The sections of a server that embeds at a provider and quotes."""
    residency = sections.pop("residency", "hosted")
    route = sections.pop("route", {})
    embedder = {"kind": "openai", "provider": "vectors", "model": "bge-test", "dimensions": 256}
    return {
        "providers": {"vectors": provider(double, residency=residency)},
        "embedders": {HOUSE: embedder},
        "models": {"quoting": {"kind": "extractive", "store": "main"}},
        "routes": {"default": {**ROUTE, "models": ["quoting"], **route}},
        **sections,
    }


async def test_documents_and_questions_are_embedded_there_and_a_question_once(configured: Serve) -> None:
    async with upstream(embedding()) as double, configured(over(double), HOUSE) as served:
        stored = len(double.requests)
        assert stored >= 1
        first = await answer(served)
        assert first.WhichOneof("result") == "answered"
        assert len(double.requests) == stored + 1
        await answer(served)
        assert len(double.requests) == stored + 1
        # The second answer asked for no vector: there is one span.
        attributes = served.spans.attributes("embeddings bge-test")
        assert attributes["gen_ai.provider.name"] == "vectors"
        assert attributes["groundwire.residency"] == "hosted"


async def test_a_provider_that_refuses_is_a_failure_with_its_cause(configured: Serve) -> None:
    async with upstream(embedding()) as double, configured(over(double), HOUSE) as served:
        double.replies[:] = [DOWN]
        outcome = await answer(served, question("Where do heavy parcels wait at noon?"))
        assert outcome.cause == cause_pb2.CAUSE_EMBEDDER_UNAVAILABLE
        (result,) = await ingest(served, ("new", "Something that was not stored before."))
        assert result.state == document_pb2.INGEST_STATE_FAILED
        assert "401" not in result.error.message


@pytest.mark.parametrize(
    ("barring", "line"),
    [
        (
            {"route": {"self_hosted_only": True}},
            "routes.default.store: main embeds questions and documents at a hosted provider, which self_hosted_only",
        ),
        (
            {"self_hosted_only": ["acme"]},
            "stores.main.embedder: is hosted, which self_hosted_only bars for acme: name one",
        ),
    ],
    ids=["route", "tenant"],
)
async def test_no_question_or_document_reaches_a_hosted_embedder_where_it_is_barred(
    configured: Serve, barring: dict[str, Any], line: str
) -> None:
    async with upstream(embedding()) as hosted, upstream(embedding()) as own:
        with pytest.raises(InvalidConfigurationError) as refused:
            async with configured(over(hosted, **barring), HOUSE):
                pass
        assert any(line in str(each) for each in refused.value.errors)
        async with configured(over(own, residency="self_hosted", **barring), HOUSE) as served:
            assert (await answer(served)).WhichOneof("result") == "answered"
            # Nor while the server runs: what would bring it there is not taken in.
            assert not await served.reconfigured(over(hosted, **barring))
            await ingest(served, *DOCUMENTS)
            assert (await answer(served)).WhichOneof("result") == "answered"
        assert own.requests
        assert hosted.connections == 0


async def test_a_model_that_compares_sentences_by_a_hosted_embedder_is_hosted(configured: Serve) -> None:
    sections = {
        "stores": {"main": {"kind": "embedded"}, "cloudy": {"kind": "embedded", "folder": "x", "embedder": HOUSE}},
        "corpus": "main",
        "models": {"quoting": {"kind": "extractive", "store": "cloudy"}},
        "route": {"self_hosted_only": True},
    }
    async with upstream(embedding()) as hosted:
        with pytest.raises(InvalidConfigurationError) as refused:
            async with configured(over(hosted, **sections)):
                pass
        (problem,) = refused.value.errors
        assert "routes.default.models: are all hosted" in str(problem)
        assert hosted.connections == 0


async def test_vectors_of_another_model_are_never_compared(configured: Serve) -> None:
    async with upstream(embedding()) as double, configured(over(double), HOUSE) as served:
        sections = over(double)
        sections["embedders"][HOUSE]["model"] = "bge-other"
        assert not await served.reconfigured(sections)
        # What says nothing of the vectors may change.
        sections = over(double)
        sections["embedders"][HOUSE]["batch"] = {"texts": 2}
        assert await served.reconfigured(sections)
        assert (await answer(served)).WhichOneof("result") == "answered"
