"""A store whose vectors a module of Weaviate's makes."""

from typing import Any

import pytest

from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.options import (
    SearchField,
    SearchMode,
    SearchOptions,
    VectorizerOptions,
    VectorSource,
    WeaviateOptions,
)
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Chunk, Document
from groundwire_server.domain.evidence import Evidence, Query
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.store.weaviate.conftest import Bench
from tests.contract.stores import ALICE, ALL, Store, altered, near, opened_weaviate, secret
from tests.doubles.spans import Spans
from tests.doubles.weaviate.vectorizer import marked

BOTH = VectorizerOptions(
    module="text2vec-ollama",
    settings={"apiEndpoint": "http://x"},
    properties=(SearchField.TEXT, SearchField.TITLE),
    key=secret("sk-SECRET"),
    key_header="X-Test-Api-Key",
)


@pytest.fixture
def vectors() -> VectorSource:
    return VectorSource(module=BOTH)


@pytest.fixture
async def filled(bench: Bench) -> Bench:
    for name, text, vector in (("one", "Parcels wait.", near(0)), ("two", "Boxes rest.", near(0, 0.9))):
        document = Document(name, f"{text} And more.", f"Title {name}", allowed_principals=ALL)
        chunks = [Chunk(name, 0, marked(text, vector), near(3))]
        await bench.weaviate.corpus.put(ALICE, document, name, chunks, NEVER)
    return bench


async def searched(bench: Bench, options: WeaviateOptions, text: str, **search: Any) -> Evidence:
    async with opened_weaviate(options, vectors=VectorSource(module=BOTH)) as opened:
        await opened.corpus.version(ALICE, NEVER)
        bench.clear()
        bench.world.embedded.clear()
        retriever = opened.searched(SearchOptions(**search))
        return await retriever.search(ALICE, Query(text, near(5), 10), NEVER)


def requests(bench: Bench) -> list[Any]:
    """The searches that rank; the others fetch what is known by its name."""
    asked = [call.request for call in bench.world.calls if call.method == "Search"]
    return [each for each in asked if each.HasField("hybrid_search") or each.HasField("near_text")]


async def test_no_vector_is_sent_and_a_documents_own_text_has_none(filled: Bench) -> None:
    batches = [call.request for call in filled.world.calls if call.method == "BatchObjects"]
    assert not any(each.vectors or each.vector_bytes for batch in batches for each in batch.objects)
    kept = filled.world.collections["Groundwire"].tenants["acme"].objects.values()
    assert {each.properties["ordinal"]: bool(each.vectors) for each in kept} == {-1: False, 0: True}
    assert filled.world.embedded == [
        f"{marked('Parcels wait.', near(0))} Title one",
        f"{marked('Boxes rest.', near(0, 0.9))} Title two",
    ]
    assert await filled.weaviate.corpus.text(ALICE, "one", NEVER) == "Parcels wait. And more."
    assert {call.metadata.get("x-test-api-key") for call in filled.world.calls} == {"sk-SECRET"}
    assert "sk-SECRET" not in filled.spans.everything() + repr(filled.weaviate)


async def test_the_words_of_the_index_are_not_what_is_embedded(filled: Bench, options: WeaviateOptions) -> None:
    question = marked("Where are the parcels?", near(0))
    found = await searched(filled, options, question)
    (request,) = requests(filled)
    assert request.hybrid_search.query == "parcel"
    assert list(request.hybrid_search.near_text.query) == [question]
    assert filled.world.embedded == [question]
    similarities = {each.chunk_id: each.scores.vector_similarity for each in found.passages}
    assert similarities == {"one": pytest.approx(1.0, abs=1e-4), "two": pytest.approx(0.9, abs=1e-4)}
    assert {each.chunk_id: each.scores.keyword is None for each in found.passages} == {"one": False, "two": True}


async def test_what_words_alone_found_is_measured_by_a_second_search(filled: Bench, options: WeaviateOptions) -> None:
    rest = [Chunk(f"c{place}", place, marked("Letters.", near(0)), None) for place in range(100)]
    await filled.weaviate.corpus.put(ALICE, Document("rest", "x", allowed_principals=ALL), "rest", rest, NEVER)
    question = marked("Do boxes rest?", near(0))
    # The vector leg goes to the hundred nearest, and the one with the words is not among them.
    found = await searched(filled, options, question, alpha=0.1)
    first, second = requests(filled)
    assert first.HasField("hybrid_search")
    assert second.HasField("near_text")
    assert second.limit == 1
    (two,) = [each for each in found.passages if each.chunk_id == "two"]
    assert two.scores.vector_similarity == pytest.approx(0.9, abs=1e-4)
    assert all(each.scores.vector_similarity == pytest.approx(1.0, abs=1e-4) for each in found.passages if each != two)
    assert filled.world.embedded == [question] * 2


async def test_a_search_by_meaning_has_distances(filled: Bench, options: WeaviateOptions) -> None:
    found = await searched(filled, options, marked("x", near(0)), mode=SearchMode.VECTOR)
    (request,) = requests(filled)
    assert request.HasField("near_text")
    assert [each.chunk_id for each in found.passages] == ["one", "two"]
    assert [each.scores.vector_similarity for each in found.passages] == pytest.approx([1.0, 0.9], abs=1e-4)


async def test_a_search_by_words_embeds_nothing(filled: Bench, options: WeaviateOptions) -> None:
    await searched(filled, options, "parcels", mode=SearchMode.KEYWORD)
    assert filled.world.embedded == []


MODULES = [
    "API Key: no api key found neither in request header: X-Openai-Api-Key nor in environment variable OPENAI_APIKEY",
    'failed to vectorize batch of objects: send POST request: Post "http://127.0.0.1:1": connection refused: SECRET',
]


@pytest.mark.parametrize("said", MODULES)
async def test_a_module_that_fails_is_told_apart(
    filled: Bench, options: WeaviateOptions, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    filled.world.module_says = said
    with pytest.raises(StoreFailure) as failure:
        await searched(filled, options, "parcels")
    assert (failure.value.fault, failure.value.cause) == (WeaviateFault.MODULE, Cause.EMBEDDER_UNAVAILABLE)
    document = Document("new", "New.", allowed_principals=ALL)
    with pytest.raises(StoreFailure) as failure:
        await filled.weaviate.corpus.put(ALICE, document, "new", [Chunk("new", 0, "New.")], NEVER)
    assert failure.value.fault is WeaviateFault.MODULE
    # The client tells of objects itself, on a logger that the server keeps silent (`app/logs.py`).
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("groundwire")]
    assert "SECRET" not in str(ours)


@pytest.mark.parametrize(
    "other",
    [
        VectorizerOptions(module="text2vec-transformers"),
        altered(BOTH, settings={"apiEndpoint": "http://y"}),
        altered(BOTH, properties=(SearchField.TEXT,)),
        None,
    ],
)
async def test_another_vectorizer_is_another_collection(
    bench: Bench, options: WeaviateOptions, other: VectorizerOptions | None
) -> None:
    store = WeaviateStore.open(options, VectorSource(module=other), SystemClock(), Spans().recording)
    (step,) = await store.schema.plan(NEVER)
    assert step.destructive
    assert "text2vec-ollama@" in str(step)
    await store.close()


async def test_the_module_is_told_what_to_embed(bench: Bench) -> None:
    vector = bench.world.collections["Groundwire"].definition["vectorConfig"]["text"]
    settings = {"apiEndpoint": "http://x", "properties": ["text", "title"], "vectorizeClassName": False}
    assert vector["vectorizer"] == {"text2vec-ollama": settings}
    assert await bench.weaviate.schema.plan(NEVER) == ()


async def test_sentences_have_no_vectors(filled: Bench) -> None:
    store = Store(filled.weaviate.retriever, filled.weaviate.corpus, filled.weaviate.sentence_vectors)
    assert await store.sentence_vectors.sentences(ALICE.tenant, ["one"], NEVER) == {}
