"""What a search asks Weaviate for."""

from collections.abc import Callable
from typing import Any

import pytest

from groundwire_server.adapters.store.weaviate.options import (
    Consistency,
    SearchField,
    SearchMode,
    SearchOptions,
    Tokenization,
    WeaviateOptions,
)
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.evidence import Query
from groundwire_server.domain.filters import AnyOf, Equals
from tests.adapters.store.weaviate.conftest import Bench
from tests.contract.stores import ALICE, Store, altered, chunk, near, opened_weaviate
from tests.doubles.weaviate.server import FakeWeaviate

SearchRequest = Any
Searching = Callable[..., Any]


@pytest.fixture
async def searching(bench: Bench, options: WeaviateOptions) -> Searching:
    """Search with options of one's own, and see what was asked and what was found."""
    await bench.store.put("near", chunk("near", "Parcels wait.", near(0)))
    await bench.store.put("far", chunk("far", "Parcels wait and wait.", near(1)))
    await bench.store.put("parcels", chunk("title", "Boxes.", near(0, 0.9)))

    async def search(text: str, vector: Any = None, **changed: Any) -> tuple[SearchRequest, list[str]]:
        async with opened_weaviate(options) as opened:
            retriever = opened.searched(SearchOptions(**changed))
            store = Store(retriever, opened.corpus, opened.sentence_vectors)
            await opened.corpus.version(ALICE, NEVER)
            await store.found("nothing")
            bench.clear()
            found = await store.found(text, vector)
        return bench.searches[-1] if bench.searches else None, found

    return search


class TestModes:
    async def test_of_both_legs_are_one_call(self, searching: Searching) -> None:
        asked, found = await searching("parcels", near(0), alpha=0.25)
        assert asked.HasField("hybrid_search")
        assert asked.hybrid_search.alpha_param == 0.25
        assert found[0] == "near"

    async def test_a_question_weighs_meaning_by_its_own_word(self, bench: Bench) -> None:
        await bench.store.put("near", chunk("near", "Parcels wait.", near(0)))
        bench.clear()
        await bench.store.found("parcels", near(0), alpha=0.125)
        asked = [call.request for call in bench.world.calls if call.method == "Search"]
        assert [each.hybrid_search.alpha_param for each in asked if each.HasField("hybrid_search")] == [0.125]

    @pytest.mark.parametrize(
        ("mode", "text", "vector", "kind"),
        [
            (SearchMode.HYBRID, "parcels", None, "bm25_search"),
            (SearchMode.HYBRID, "what is it", near(0), "near_vector"),
            (SearchMode.KEYWORD, "parcels", near(0), "bm25_search"),
            (SearchMode.VECTOR, "parcels", near(0), "near_vector"),
        ],
    )
    async def test_do_without_what_there_is_not(
        self, searching: Searching, mode: SearchMode, text: str, vector: Any, kind: str
    ) -> None:
        asked, found = await searching(text, vector, mode=mode)
        assert asked.HasField(kind)
        assert found

    @pytest.mark.parametrize(
        ("mode", "text", "vector"),
        [(SearchMode.KEYWORD, "what is it", near(0)), (SearchMode.VECTOR, "parcels", None)],
    )
    async def test_ask_nothing_with_nothing_to_ask(
        self, searching: Searching, mode: SearchMode, text: str, vector: Any
    ) -> None:
        assert await searching(text, vector, mode=mode) == (None, [])


async def test_fields_are_looked_through_with_their_boosts(searching: Searching) -> None:
    _, found = await searching("parcels")
    assert set(found) == {"near", "far"}
    asked, found = await searching("parcels", query_properties={SearchField.TEXT: 1.0, SearchField.TITLE: 2.5})
    assert list(asked.bm25_search.properties) == ["terms^1", "title_terms^2.5"]
    assert "title" in found


async def test_what_is_too_far_is_left_out(searching: Searching) -> None:
    asked, found = await searching("what is it", near(0), max_vector_distance=0.5)
    assert asked.near_vector.distance == 0.5
    assert set(found) == {"near", "title"}
    asked, _ = await searching("parcels", near(0), max_vector_distance=0.5)
    assert asked.hybrid_search.vector_distance == 0.5


async def test_autocut_and_consistency_are_asked_for(searching: Searching) -> None:
    asked, _ = await searching("parcels", near(0), autocut=2, consistency=Consistency.QUORUM)
    assert asked.autocut == 2
    assert asked.consistency_level == 2


async def test_a_filter_that_nothing_can_satisfy_asks_nothing(bench: Bench) -> None:
    await bench.store.put("post", "Parcels.")
    bench.clear()
    assert await bench.store.found("parcels", condition=AnyOf(())) == []
    assert bench.methods == []


async def test_who_may_see_is_part_of_every_question(searching: Searching, bench: Bench) -> None:
    for text, vector in (("parcels", None), ("parcels", near(0)), ("what is it", near(0))):
        asked, _ = await searching(text, vector)
        (access,) = [each for each in asked.filters.filters if each.target.property == "access"] or [asked.filters]
        assert list(access.value_text_array.values) == ["p:%2A", "p:alice", "p:staff"]
        assert asked.tenant == "acme"


async def test_what_is_kept_says_nothing_of_values_in_its_filters(bench: Bench) -> None:
    await bench.store.put("post", "Parcels.", metadata={"salary": "a secret"})
    (kept,) = bench.chunks()
    assert all("secret" not in fact and "salary" not in fact for fact in kept["facts"])
    assert await bench.store.found("parcels", condition=Equals("salary", "a secret")) == ["post/0"]


async def test_by_trigrams_finds_parts_of_words(double: FakeWeaviate, options: WeaviateOptions) -> None:
    trigrams = altered(options, tokenization=Tokenization.TRIGRAM)
    async with opened_weaviate(trigrams) as opened:
        store = Store(opened.retriever, opened.corpus, opened.sentence_vectors)
        await store.put("post", "The Hauptbahnhofsvorsteher decides.")
        await store.put("other", "Nobody else may.")
        assert await store.found("bahnhof") == ["post/0"]


async def test_in_several_ways_shares_one_connection(bench: Bench) -> None:
    await bench.store.put("post", chunk("far", "Parcels and letters.", near(1)))
    await bench.store.put("other", chunk("close", "Nothing of the kind.", near(0)))
    connections = bench.world.connections
    query = Query("parcels letters", near(0), 2)
    first = {}
    for mode in SearchMode:
        found = await bench.weaviate.searched(SearchOptions(mode=mode, alpha=0.9)).search(ALICE, query, NEVER)
        first[mode.value] = found.passages[0].chunk_id
    assert first == {"hybrid": "close", "keyword": "far", "vector": "close"}
    assert bench.world.connections == connections
