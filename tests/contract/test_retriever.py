"""What every Retriever keeps, whatever stands behind it. Sets and order on separable data, never score values."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Document, PassageKind, Place
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Filter, IsNull, Not, Range, matches
from groundwire_server.domain.guards.finding import GuardIdentity
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.quarantine import DocumentFinding, Quarantine
from groundwire_server.domain.vocabulary import Cause
from tests.contract.stores import ALICE, ALL, BOB, STRANGER, Store, chunk, closenesses, near

ALL_HAVE_VECTORS = "this store leaves no passage without a vector"
NOTHING_TO_SAY = "what is it that they were"
"""Only words that are in every text: the keyword leg has nothing to look for."""


class TestKeywordLeg:
    async def test_finds_the_chunks_that_have_one_of_the_words(self, store: Store) -> None:
        await store.put("post", "Parcels wait in the mail room.", "Letters are carried upstairs.")
        await store.put("lunch", "Soup is served at noon.")
        assert await store.found("parcels") == ["post/0"]
        assert set(await store.found("letters or soup")) == {"post/1", "lunch/0"}
        assert await store.found("submarines") == []

    async def test_ranks_what_has_more_of_the_words_first(self, store: Store) -> None:
        await store.put("one", "The harbour is open every day of the week.")
        await store.put("all", "The harbour crane lifts containers.")
        await store.put("two", "The harbour crane is painted yellow now.")
        await store.put("other", "Nobody works on Sunday.")
        assert await store.found("harbour crane containers") == ["all/0", "two/0", "one/0"]

    @pytest.mark.parametrize("question", ["parcels", "Parcel", "who waits?"])
    async def test_finds_other_forms_of_a_word_in_any_case(self, store: Store, question: str) -> None:
        await store.put("post", "A PARCEL was waiting.")
        assert await store.found(question) == ["post/0"]

    @pytest.mark.parametrize(
        ("text", "question"),
        [
            ("Die Straße ist gesperrt.", "Straße"),
            ("החבילה ממתינה במשרד", "איפה החבילה?"),
            ("الطرد في المكتب", "الطرد"),
            ("Посылка ждёт на почте.", "посылка"),
            ("Το δέμα περιμένει", "δέμα"),
            ("İstanbul'da bir kargo", "kargo İstanbul"),
            ("Un café crème", "café"),
            ("the vector x̂ has length one", "x̂"),
            ("version 3.11 of the tool", "3.11"),
            ("The café in Zürich", "cafe Zurich"),
            ("part AB123", "ＡＢ１２３"),
            ("部品ＣＤ４５６は第二倉庫にあります。", "CD456"),
            ("ﾌﾟﾘﾝﾀｰのトナー", "プリンター"),
            ("客户收到商品后三十天内可以申请退货。", "怎么申请退货？"),
            ("有給休暇の申請は三日前までに行います。", "休暇はいつ申請しますか？"),
            ("เครื่องปรับอากาศควรล้างทุกหกเดือน", "ล้างเครื่องปรับอากาศ"),
            ("서울에서 회의가 열립니다", "서울은 어디"),
        ],
    )
    async def test_knows_more_than_english(self, store: Store, text: str, question: str) -> None:
        await store.put("foreign", text)
        await store.put("other", "Nothing of the kind.")
        assert await store.found(question) == ["foreign/0"]

    async def test_tells_where_in_the_document_a_chunk_stands(self, store: Store) -> None:
        place = Place(("Post", 'The "mail room" é'), 3, PassageKind.TABLE)
        await store.put("post", replace(chunk("post/0", "Parcels wait."), place=place), "Letters do not.")
        assert [each.place for each in (await store.search("parcels")).passages] == [place]
        assert [each.place for each in (await store.search("letters")).passages] == [Place()]

    async def test_scores_only_what_it_computed(self, store: Store) -> None:
        await store.put("post", chunk("with", "Parcels wait.", near(0)))
        (passage,) = (await store.search("parcels")).passages
        assert passage.scores.vector_similarity is None
        assert passage.scores.keyword is not None
        assert passage.scores.fused is not None
        assert passage.scores.relevance is None


class TestUnknownTerms:
    """A store that cannot tell which terms no passage has says None."""

    async def test_are_those_that_no_passage_in_scope_has(self, store: Store) -> None:
        await store.put("post", "Parcels wait in the mail room.", allowed=frozenset({"alice"}))
        await store.put("secret", "Submarines dive.", allowed=frozenset({"bob"}))
        await store.put("tagged", "Letters wait.", metadata={"kind": "letter"}, allowed=frozenset({"alice"}))
        unknown = (await store.search("Do parcels, letters or submarines wait on the moon?")).unknown
        assert unknown in (None, {"submarin", "moon"})
        letters = await store.search("Do parcels or letters wait?", condition=Equals("kind", "letter"))
        assert letters.unknown in (None, {"parcel"})

    async def test_are_none_where_every_word_is_there(self, store: Store) -> None:
        await store.put("post", "Parcels wait.", "Letters do not.")
        assert not (await store.search("parcels or letters?")).unknown


class TestVectorLeg:
    async def test_ranks_by_closeness_whatever_the_words(self, store: Store) -> None:
        for place, closeness in enumerate(closenesses(5)):
            await store.put(f"d{4 - place}", chunk(f"c{place}", "Text.", near(2, closeness)))
        assert await store.found(NOTHING_TO_SAY, near(2)) == ["c0", "c1", "c2", "c3", "c4"]
        assert await store.found(NOTHING_TO_SAY, near(2), top_k=2) == ["c0", "c1"]

    async def test_leaves_out_what_has_no_vector(self, store: Store) -> None:
        if store.vectorizes:
            pytest.skip(ALL_HAVE_VECTORS)
        await store.put("mixed", chunk("with", "Text.", near(1)), chunk("without", "Text.", ordinal=1))
        await store.put("none", "Text.")
        assert await store.found(NOTHING_TO_SAY, near(1)) == ["with"]

    async def test_scores_only_what_it_computed(self, store: Store) -> None:
        await store.put("post", chunk("near", "Parcels.", near(0)), chunk("far", "Letters.", near(1), ordinal=1))
        for passage in (await store.search(NOTHING_TO_SAY, near(0))).passages:
            assert passage.scores.vector_similarity is not None
            assert passage.scores.keyword is None
            assert passage.scores.fused is not None


class TestBothLegs:
    async def test_what_both_find_comes_before_what_one_finds(self, store: Store) -> None:
        await store.put("words", chunk("words", "Parcels wait.", near(1)))
        await store.put("both", chunk("both", "Parcels wait.", near(0)))
        await store.put("vector", chunk("vector", "Boxes rest.", near(0)))
        await store.put("neither", chunk("neither", "Soup is served.", near(1)))
        found = await store.found("parcels", near(0))
        assert found[0] == "both"
        assert set(found[1:3]) == {"words", "vector"}
        assert found[3:] == ["neither"]

    @pytest.mark.parametrize(("alpha", "first"), [(0.0, "words"), (1.0, "vector")])
    async def test_a_question_may_say_how_much_meaning_weighs(self, store: Store, alpha: float, first: str) -> None:
        await store.put("words", chunk("words", "Parcels wait.", near(0, 0.1)))
        await store.put("vector", chunk("vector", "Boxes rest.", near(0)))
        await store.put("neither", chunk("neither", "Soup is served.", near(1)))
        assert (await store.found("parcels", near(0), alpha=alpha))[0] == first

    async def test_finds_what_has_no_vector_by_its_words(self, store: Store) -> None:
        if store.vectorizes:
            pytest.skip(ALL_HAVE_VECTORS)
        await store.put("none", chunk("none", "Parcels wait."))
        await store.put("with", chunk("with", "Boxes rest.", near(0)))
        scores = {passage.chunk_id: passage.scores for passage in (await store.search("parcels", near(0))).passages}
        assert set(scores) == {"none", "with"}
        assert scores["none"].vector_similarity is None
        assert scores["none"].keyword is not None
        assert scores["with"].vector_similarity is not None
        assert scores["with"].keyword is None

    async def test_measures_the_similarity_of_what_only_the_words_have_found(self, store: Store) -> None:
        await store.put("words", chunk("words", "Parcels wait.", near(1)))
        rest = [chunk(f"c{number}", "Boxes rest.", near(0), number) for number in range(500)]
        await store.put("rest", *rest)
        scores = {
            passage.chunk_id: passage.scores for passage in (await store.search("parcels", near(0), 100)).passages
        }
        assert scores["words"].vector_similarity is not None
        assert scores["words"].vector_similarity < 0.5

    async def test_fuses_into_0_to_1_best_first(self, store: Store) -> None:
        for number, closeness in enumerate(closenesses(20)):
            await store.put(f"d{number}", chunk(f"c{number}", "parcel " * (number % 4 + 1), near(0, closeness)))
        fused = [passage.scores.fused or 0.0 for passage in (await store.search("parcel", near(0), 20)).passages]
        assert len(fused) == 20
        assert fused == sorted(fused, reverse=True)
        assert all(0.0 <= score <= 1.0 for score in fused)


def crowd(name: str) -> Sequence[Chunk]:
    """Fifty chunks of one document, all of them better than what is looked for."""
    return [chunk(f"{name}-{place}", "parcel parcel", near(0), place) for place in range(50)]


class TestHowMany:
    @pytest.mark.parametrize("hybrid", [True, False])
    async def test_at_most_top_k(self, store: Store, hybrid: bool) -> None:
        for number in range(12):
            await store.put(f"d{number}", chunk(f"c{number}", "A parcel.", near(0)))
        vector = near(0) if hybrid else None
        for top_k in (1, 5, 12):
            assert len(set(await store.found("parcel", vector, top_k))) == top_k
        assert len(await store.found("parcel", vector, 1000)) == 12

    async def test_a_tenant_without_documents_has_nothing(self, store: Store) -> None:
        evidence = await store.search("parcel", near(0), condition=Equals("a", "x"))
        assert evidence.passages == ()
        assert evidence.corpus_version == await store.corpus.version(ALICE, NEVER)

    @pytest.mark.parametrize("asked", ["parcel", NOTHING_TO_SAY])
    async def test_a_selective_filter_still_fills_top_k(self, store: Store, asked: str) -> None:
        for name in "abcdef":
            await store.put(name, *crowd(name))
        for number in range(5):
            text = "A parcel among very many other words that make it a worse match than all of those."
            await store.put(f"r{number}", chunk(f"r{number}", text, near(0, 0.1)), metadata={"rare": True})
        found = await store.found(asked, near(0), 5, condition=Equals("rare", value=True))
        assert set(found) == {f"r{number}" for number in range(5)}

    @pytest.mark.parametrize("asked", ["parcel", NOTHING_TO_SAY])
    async def test_what_others_may_see_takes_no_place(self, store: Store, asked: str) -> None:
        for name in "abcdef":
            await store.put(name, *crowd(name), allowed=frozenset({"alice"}))
        for number in range(5):
            text = "A parcel among very many other words that make it a worse match than all of those."
            await store.put(f"b{number}", chunk(f"b{number}", text, near(0, 0.1)), allowed=frozenset({"bob"}))
        assert set(await store.found(asked, near(0), 5, caller=BOB)) == {f"b{number}" for number in range(5)}

    async def test_a_document_without_chunks_is_in_nobodys_way(self, store: Store) -> None:
        await store.put("empty")
        await store.put("post", chunk("c", "Parcels wait.", near(0)))
        assert await store.found("parcels", near(0)) == ["c"]


class TestWhoMaySee:
    async def test_a_tenant_never_finds_anothers(self, store: Store) -> None:
        await store.put("post", chunk("ours", "Parcels wait.", near(0)))
        assert await store.found("parcels", near(0), caller=STRANGER) == []
        await store.put("post", chunk("theirs", "Parcels fly.", near(0)), caller=STRANGER)
        assert await store.found("parcels", near(0), caller=STRANGER) == ["theirs"]
        assert await store.found("parcels", near(0)) == ["ours"]

    async def test_tenants_may_have_chunks_of_the_same_name(self, store: Store) -> None:
        await store.put("post", chunk("c", "Parcels wait.", near(0)))
        await store.put("post", chunk("c", "Parcels fly.", near(0)), caller=STRANGER)
        for caller, text in ((ALICE, "Parcels wait."), (STRANGER, "Parcels fly.")):
            (passage,) = (await store.search("parcels", near(0), caller=caller)).passages
            assert passage.text == text

    @pytest.mark.parametrize("caller", [ALICE, BOB, Caller("acme", "x"), Caller("acme", "x", frozenset({"", "no"}))])
    async def test_an_access_list_admits_those_on_it(self, store: Store, caller: Caller) -> None:
        allowed: Mapping[str, frozenset[str]] = {
            "nobody": frozenset(),
            "tenant": frozenset({EVERYBODY}),
            "staff": frozenset({"staff", "board"}),
            "bob": frozenset({"bob"}),
            "both": frozenset({"bob", "alice"}),
            "everybody and bob": frozenset({"bob", EVERYBODY}),
            "case": frozenset({"Bob", "ALICE"}),
        }
        for name, principals in allowed.items():
            await store.put(name, chunk(name, "Parcels wait.", near(0)), allowed=principals)
        expected = {name for name, principals in allowed.items() if caller.may_see(principals)}
        for text, vector in (("parcels", None), ("parcels", near(0)), (NOTHING_TO_SAY, near(0))):
            assert set(await store.found(text, vector, caller=caller)) == expected

    async def test_a_document_taken_away_is_not_found_any_more(self, store: Store) -> None:
        await store.put("post", chunk("c", "Parcels wait.", near(0)), allowed=frozenset({"alice", "bob"}))
        await store.put("rest", chunk("r", "Parcels rest.", near(0)), allowed=frozenset({"alice", "bob"}))
        assert set(await store.found("parcels", near(0), caller=BOB)) == {"c", "r"}
        await store.put("post", chunk("c", "Parcels wait.", near(0)), allowed=frozenset({"alice"}))
        assert await store.found("parcels", near(0), caller=BOB) == ["r"]
        assert await store.found(NOTHING_TO_SAY, near(0), caller=BOB) == ["r"]

    @pytest.mark.parametrize("caller", [ALICE, STRANGER])
    async def test_a_filter_admits_nobody(self, store: Store, caller: Caller) -> None:
        await store.put("secret", chunk("c", "Parcels.", near(0)), metadata={"a": "x"}, allowed=frozenset({"bob"}))
        always = AnyOf((Equals("a", "x"), Not(Equals("a", "x")), IsNull("a")))
        assert await store.found("parcels", near(0), caller=BOB, condition=always) == ["c"]
        assert await store.found("parcels", near(0), caller=caller, condition=always) == []


TEXTS = st.sampled_from(["", "x", "X", "1", "true", "é", "it's", 'a"b', "%", "_", "a\x00b", "🙂", "null", "[]"])
NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 1.5, -3.0, 2.0**53, 1e300, -1e-300])
KEYS = st.sampled_from(["a", "b", "c d", 'k"; --'])
VALUES: st.SearchStrategy[MetadataValue] = st.one_of(
    TEXTS, NUMBERS, st.booleans(), st.lists(TEXTS, max_size=3).map(tuple)
)
BOUNDS = st.none() | NUMBERS
CONDITIONS: st.SearchStrategy[Filter] = st.recursive(
    st.one_of(
        st.builds(Equals, KEYS, TEXTS | NUMBERS | st.booleans()),
        st.builds(Range, KEYS, BOUNDS, BOUNDS, BOUNDS, BOUNDS),
        st.builds(Contains, KEYS, st.lists(TEXTS, max_size=3).map(tuple), st.booleans()),
        st.builds(IsNull, KEYS, st.booleans()),
    ),
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)
TENANTS = count()


class TestFilters:
    # Storing documents takes most of the time: the same ones answer many conditions.
    @pytest.mark.slow
    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        documents=st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=4, max_size=8),
        conditions=st.lists(CONDITIONS, min_size=8, max_size=16),
    )
    async def test_mean_what_the_domain_says(
        self, store: Store, documents: list[dict[str, MetadataValue]], conditions: list[Filter]
    ) -> None:
        caller = Caller(f"tenant {next(TENANTS)}", "alice")
        for number, metadata in enumerate(documents):
            # Half of them are found by words alone, the others by both legs.
            vector = near(0) if number % 2 else None
            await store.put(f"d{number}", chunk(f"c{number}", "parcel", vector), caller=caller, metadata=metadata)
        for condition in conditions:
            expected = {number for number, metadata in enumerate(documents) if matches(condition, metadata)}
            found = await store.found("parcel", near(0), 50, caller=caller, condition=condition)
            assert set(found) == {f"c{number}" for number in expected}
            found = await store.found(NOTHING_TO_SAY, near(0), 50, caller=caller, condition=condition)
            assert set(found) == {f"c{number}" for number in expected if number % 2 or store.vectorizes}

    async def test_follow_a_document_that_changes(self, store: Store) -> None:
        await store.put("post", "Parcels wait.", metadata={"state": "draft", "tags": ("a", "b")})
        final = Equals("state", "final")
        assert await store.found("parcels", condition=final) == []
        await store.put("post", "Parcels wait.", metadata={"state": "final"})
        assert await store.found("parcels", condition=final) == ["post/0"]
        assert await store.found("parcels", condition=IsNull("tags", is_null=False)) == []
        await store.put("post", "Parcels wait.", metadata={"tags": ("a",)})
        assert await store.found("parcels", condition=final) == []

    async def test_of_the_greatest_size_work(self, store: Store) -> None:
        await store.put("post", chunk("c", "Parcels wait.", near(0)), metadata={"n": 7.0})
        deep: Filter = Equals("n", 7.0)
        for _ in range(7):
            deep = Not(deep)
        wide = AnyOf(tuple(Equals("n", float(number)) for number in range(63)))
        many = Contains("n", tuple(map(str, range(1000))))
        for condition, found in ((Not(deep), ["c"]), (deep, []), (wide, ["c"]), (Not(wide), []), (many, [])):
            assert await store.found("parcels", near(0), condition=condition) == found


HOSTILE = {
    "quotes": "\"parcel' \"\" ''",
    "an open quote": 'parcel "',
    "operators": 'parcel AND NOT OR NEAR("a" "b", 5) - ^ * + ( ) { } : text:parcel',
    "columns": "text : parcel; {text} : parcel",
    "sql": "parcel'; DROP TABLE chunks; --",
    "nul": "parcel\x00 \x00",
    "control characters": "\x01\x02\x1b[31m parcel \x7f",
    "emoji": "🙂 parcel 👩‍👩‍👧",
    "right to left": "\u202eשלום\u202c parcel ؟",
    "a long word beside": "parcel " + "x" * 4000,
    "many words": "parcel " + " ".join(f"word{number}" for number in range(2000)),
    "unpaired direction marks": "\u2067parcel\u200f",
    "wildcards": "parcel* % _ ?",
}

WORDLESS = {
    "nothing": "",
    "blank": " \n\t",
    "punctuation": "?!… ()[]{} \"' -- ;;; *** ^^ : + \\",
    "stop words": NOTHING_TO_SAY,
    "emoji": "🙂🙃👩‍👩‍👧",
    "nul": "\x00\x00",
    "combining marks": "\u0301\u0302",
    "underscores": "___",
    "direction marks": "\u202e\u202c\u200f",
}


class TestHostileTexts:
    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
    async def test_still_find_by_the_word_that_they_hold(self, store: Store, text: str) -> None:
        await store.put("post", chunk("c", "A parcel waits.", near(0)))
        await store.put("other", "Soup is served.")
        assert await store.found(text) == ["c"]
        # What has no vector is not near; a vectorizer gives one to everything.
        assert (await store.found(text, near(0), 1 if store.vectorizes else 10)) == ["c"]

    @pytest.mark.parametrize("text", WORDLESS.values(), ids=WORDLESS.keys())
    async def test_without_a_word_find_by_vector_alone(self, store: Store, text: str) -> None:
        await store.put("post", chunk("c", "What is it that waits? 🙂 _", near(0)))
        assert await store.found(text) == []
        assert await store.found(text, near(0)) == ["c"]

    @pytest.mark.parametrize("text", ["x" * 4000, "ש" * 4000, "𞤀𞤁𞤂", "①²½", "ﷺ", "\U0001f9ea", "中文搜索", "ก็"])
    async def test_of_any_kind_do_no_harm(self, store: Store, text: str) -> None:
        await store.put("post", chunk("c", "A parcel waits.", near(0)))
        assert await store.found(text) == []
        assert await store.found(text, near(0)) == ["c"]
        await store.put("echo", chunk("e", text, near(1)))
        assert "e" in await store.found(text, near(1))


class TestPassages:
    async def test_say_where_they_come_from(self, store: Store) -> None:
        metadata: dict[str, MetadataValue] = {"s": "é\x00\"'", "n": 1.5, "b": True, "l": ("x", ""), "e": ()}
        allowed = frozenset({"alice", "bob"})
        text = "A parcel\x00 \"waits\" 'here'\n\t🙂 \\"
        await store.put("post", "Soup.", metadata=metadata, allowed=allowed)
        await store.put("post", "Soup.", text, metadata=metadata, allowed=allowed)
        (passage,) = (await store.search("parcel")).passages
        assert passage.text == text
        assert (passage.document_id, passage.chunk_id, passage.ordinal) == ("post", "post/1", 1)
        assert (passage.title, passage.source_uri, passage.revision) == ("Title of post", "file:post", 2)
        assert passage.metadata == metadata
        assert [type(passage.metadata[key]) for key in metadata] == [type(value) for value in metadata.values()]
        assert passage.allowed_principals == allowed

    async def test_are_of_the_newest_revision(self, store: Store) -> None:
        await store.put("post", chunk("old", "Parcels wait.", near(0)), chunk("gone", "Letters.", near(0), ordinal=1))
        await store.put("post", chunk("new", "Boxes wait.", near(0)))
        assert await store.found("parcels letters") == []
        assert await store.found("boxes") == ["new"]
        assert await store.found(NOTHING_TO_SAY, near(0)) == ["new"]
        assert [passage.revision for passage in (await store.search("wait", near(0))).passages] == [2]

    async def test_go_with_their_document(self, store: Store) -> None:
        await store.put("post", chunk("c", "Parcels wait.", near(0)))
        await store.put("stays", chunk("s", "Parcels stay.", near(0)))
        await store.corpus.delete(ALICE, "post", NEVER)
        assert await store.found("parcels", near(0)) == ["s"]
        assert await store.found(NOTHING_TO_SAY, near(0)) == ["s"]
        await store.put("post", chunk("c", "Parcels return.", near(0)))
        assert set(await store.found("parcels", near(0))) == {"c", "s"}

    async def test_come_with_the_corpus_version(self, store: Store) -> None:
        for text in ("Parcels wait.", "Parcels fly."):
            stored = await store.put("post", text)
            assert (await store.search("parcels")).corpus_version == stored.corpus_version
        version = await store.corpus.delete(ALICE, "post", NEVER)
        assert (await store.search("parcels")).corpus_version == version

    @pytest.mark.parametrize("asked", ["parcel", NOTHING_TO_SAY])
    async def test_are_never_of_two_revisions(self, store: Store, asked: str) -> None:
        def revision(number: int) -> list[Chunk]:
            text = f"A parcel of revision {number}."
            return [chunk(f"c{number}/{place}", text, near(0), place) for place in range(number % 3 + 1)]

        revisions = {(await store.put("post", *revision(1))).corpus_version: 1}
        writes = True

        async def write() -> None:
            nonlocal writes
            for number in range(2, 30):
                stored = await store.put("post", *revision(number))
                revisions[stored.corpus_version] = stored.revision
            writes = False

        async def read() -> list[tuple[str, set[int], set[str]]]:
            seen = []
            while writes:
                evidence = await store.search(asked, near(0))
                numbers = {passage.revision for passage in evidence.passages}
                seen.append((evidence.corpus_version, numbers, {passage.text for passage in evidence.passages}))
            return seen

        *readers, _ = await asyncio.gather(read(), read(), write())
        for version, numbers, texts in (each for reader in readers for each in reader):
            (number,) = numbers
            assert number >= revisions[version]
            assert texts == {f"A parcel of revision {number}."}


class TestNeighbours:
    PARTS = tuple(f"{word} is part {place}." for place, word in enumerate("anchor barrel candle dagger engine".split()))

    @pytest.mark.parametrize(
        ("word", "reach", "ordinals"),
        [
            ("candle", 1, {1, 3}),
            ("candle", 3, {0, 1, 3, 4}),
            ("anchor", 2, {1, 2}),
            ("engine", 1, {3}),
            ("anchor engine", 1, {1, 3}),
            ("anchor candle", 1, {1, 3}),
            ("anchor barrel", 1, {2}),
            ("anchor barrel candle dagger engine", 3, set()),
        ],
    )
    async def test_stand_within_reach_each_once(self, store: Store, word: str, reach: int, ordinals: set[int]) -> None:
        await store.put("other", *("Nothing of the kind." for _ in self.PARTS))
        await store.put("post", *self.PARTS)
        beside = await store.around(await store.search(word), reach)
        assert sorted(each.ordinal for each in beside) == sorted(ordinals)
        assert {each.document_id for each in beside} <= {"post"}

    async def test_come_with_the_beginning_of_the_section_around(self, store: Store) -> None:
        await store.put(
            "post",
            *(
                replace(chunk(f"c{number}", f"{word}.", ordinal=number), place=Place(("Post",), parent=parent))
                for number, (word, parent) in enumerate(
                    [("Letters", None), ("Boxes", None), ("Stamps", 0), ("Bags", 1), ("Parcels", 1)]
                )
            ),
        )
        (found,) = (await store.search("parcels")).passages
        assert found.place.parent == 1
        assert sorted(each.chunk_id for each in await store.around(Evidence((found,)), 1)) == ["c1", "c3"]

    async def test_are_whole_passages_without_scores(self, store: Store) -> None:
        place = Place(("Post", "Hours"), 2, PassageKind.LIST)
        await store.put(
            "post",
            replace(chunk("c0", "Letters."), place=place),
            chunk("c1", "Parcels.", ordinal=1),
            metadata={"n": 1.0},
            allowed=frozenset({"alice"}),
        )
        (found,) = (await store.search("parcels")).passages
        assert await store.around(Evidence((found,)), 1) == (
            replace(found, chunk_id="c0", text="Letters.", ordinal=0, place=place, scores=Scores()),
        )

    async def test_of_a_document_that_has_changed_are_none(self, store: Store) -> None:
        await store.put("post", chunk("old", "Parcels."), chunk("beside", "Letters.", ordinal=1))
        await store.put("still", chunk("there", "Parcels too."), chunk("next", "Boxes.", ordinal=1))
        found = await store.search("parcels")
        assert len(found.passages) == 2
        # The passage that was found is there still, under the same id.
        await store.put("post", chunk("old", "Parcels."), chunk("new", "Boxes.", ordinal=1))
        assert [each.chunk_id for each in await store.around(found, 1)] == ["next"]
        await store.corpus.delete(ALICE, "still", NEVER)
        assert await store.around(found, 1) == ()

    async def test_are_for_those_alone_who_may_see_the_document(self, store: Store) -> None:
        allowed = frozenset({"alice", "bob"})
        await store.put("post", "Parcels.", "Letters.", allowed=allowed)
        found = await store.search("parcels", caller=BOB)
        assert [each.chunk_id for each in await store.around(found, 1, caller=BOB)] == ["post/1"]
        assert await store.around(found, 1, caller=STRANGER) == ()
        await store.put("post", "Parcels.", "Letters.", allowed=frozenset({"alice"}))
        assert await store.around(found, 1, caller=BOB) == ()
        of_now = await store.search("parcels", caller=ALICE)
        assert [each.chunk_id for each in await store.around(of_now, 1, caller=ALICE)] == ["post/1"]
        assert await store.around(of_now, 1, caller=BOB) == ()

    async def test_of_many_passages_are_read_together(self, store: Store) -> None:
        for number in range(64):
            await store.put(f"d{number}", "Before.", f"Parcel {number}.", "After.")
        found = await store.search("parcel", top_k=64)
        assert len(found.passages) == 64
        assert len(await store.around(found, 3)) == 128

    async def test_whose_time_is_up_are_refused(self, store: Store) -> None:
        await store.put("post", "Parcels.", "Letters.")
        found = await store.search("parcels")
        by = Deadline(asyncio.get_running_loop().time() - 0.001)
        with pytest.raises(Failure) as failure:
            await store.retriever.around(ALICE, found.passages, 1, by)
        assert failure.value.cause is Cause.STORE_TIMEOUT


class TestStillVisible:
    async def test_are_passages_that_stand_as_they_were_found(self, store: Store) -> None:
        text = "A parcel\x00 \"waits\" 'here'\n\t🙂 \\"
        await store.put("post", text, "Another parcel.")
        await store.put("other", "A parcel too.")
        found = (await store.search("parcel")).passages
        assert await store.still_visible(found) == {"post/0", "post/1", "other/0"}
        assert await store.still_visible(found[:1]) == {found[0].chunk_id}
        assert await store.still_visible(()) == set()

    async def test_are_those_of_documents_that_have_not_changed(self, store: Store) -> None:
        for name in ("stays", "again", "replaced", "elsewhere", "deleted", "returned"):
            await store.put(name, f"A parcel of {name}.", "Soup.")
        found = (await store.search("parcel")).passages
        assert len(found) == 6
        # What is stored already changes nothing.
        await store.put("again", "A parcel of again.", "Soup.")
        await store.put("replaced", "A letter of replaced.", "Soup.")
        # The passage itself is as it was; what stands beside it may say that it no longer holds.
        await store.put("elsewhere", "A parcel of elsewhere.", "Void since May.")
        await store.corpus.delete(ALICE, "deleted", NEVER)
        await store.corpus.delete(ALICE, "returned", NEVER)
        await store.put("returned", "A parcel of returned.", "Soup.")
        await store.put("new", "A parcel of new.")
        assert await store.still_visible(found) == {"stays/0", "again/0"}

    @pytest.mark.parametrize(
        ("changed", "visible"),
        [
            ({"text": "A parcel waited."}, False),
            ({"document_id": "other"}, False),
            ({"document_id": "none"}, False),
            ({"revision": 2}, False),
            ({"chunk_id": "post/7"}, False),
            ({"title": "Another"}, True),
            ({"allowed_principals": frozenset({"bob"})}, True),
        ],
    )
    async def test_are_compared_by_document_revision_and_text(
        self, store: Store, changed: Mapping[str, Any], visible: bool
    ) -> None:
        await store.put("post", "A parcel waits.")
        await store.put("other", "Soup.")
        (found,) = (await store.search("parcel")).passages
        assert await store.still_visible([replace(found, **changed)]) == ({"post/0"} if visible else set())

    async def test_are_for_those_alone_who_may_see_the_document_now(self, store: Store) -> None:
        await store.put("post", "A parcel.", allowed=frozenset({"alice", "bob"}))
        await store.put("open", "A parcel too.")
        found = (await store.search("parcel")).passages
        both = {"post/0", "open/0"}
        assert await store.still_visible(found, caller=ALICE) == both
        assert await store.still_visible(found, caller=BOB) == both
        assert await store.still_visible(found, caller=Caller("acme", "carol")) == {"open/0"}
        assert await store.still_visible(found, caller=STRANGER) == set()

    async def test_whose_access_list_was_narrowed_are_gone_for_those_that_it_shuts_out(self, store: Store) -> None:
        await store.put("post", "A parcel.", allowed=frozenset({"alice", "bob"}))
        found = (await store.search("parcel")).passages
        await store.put("post", "A parcel.", allowed=frozenset({"alice"}))
        assert await store.still_visible(found, caller=BOB) == set()
        # It is a new revision: who may see it finds it again.
        assert await store.still_visible(found, caller=ALICE) == set()
        now = (await store.search("parcel")).passages
        assert await store.still_visible(now, caller=ALICE) == {"post/0"}
        assert await store.still_visible(now, caller=BOB) == set()

    async def test_are_none_of_a_document_in_quarantine(self, store: Store) -> None:
        await store.put("post", "A parcel.", metadata={"n": 1.0})
        found = (await store.search("parcel")).passages
        document = Document("post", "A parcel.", "Title of post", "file:post", {"n": 1.0}, ALL)
        finding = DocumentFinding(GuardIdentity("rules", "1"), "injection", "rule", in_title=False, start=0, end=1)
        quarantine = Quarantine("hash", (finding,))
        await store.corpus.put(ALICE, quarantine.hold(document), quarantine.stored_hash, (), NEVER)
        assert await store.still_visible(found) == set()

    async def test_of_many_documents_are_compared_together(self, store: Store) -> None:
        for number in range(60):
            await store.put(f"d{number}", f"Parcel {number}.", "Soup.")
        found = (await store.search("parcel", top_k=60)).passages
        for number in range(0, 60, 3):
            await store.put(f"d{number}", f"Letter {number}.", "Soup.")
        assert await store.still_visible(found) == {f"d{number}/0" for number in range(60) if number % 3}

    async def test_of_a_tenant_without_documents_are_none(self, store: Store) -> None:
        await store.put("post", "A parcel.")
        found = (await store.search("parcel")).passages
        assert await store.still_visible(found, caller=Caller("unheard", "alice")) == set()

    async def test_whose_time_is_up_are_refused(self, store: Store) -> None:
        await store.put("post", "A parcel.")
        found = (await store.search("parcel")).passages
        by = Deadline(asyncio.get_running_loop().time() - 0.001)
        with pytest.raises(Failure) as failure:
            await store.retriever.still_visible(ALICE, found, by)
        assert failure.value.cause is Cause.STORE_TIMEOUT


async def test_the_version_is_that_of_a_search(store: Store) -> None:
    async def version() -> str:
        return (await store.retriever.still_visible(ALICE, found, NEVER)).corpus_version

    await store.put("other", "Letters wait.")
    found: tuple[Passage, ...] = ()
    before = await version()
    found = (await store.search("letters")).passages
    assert await version() == before
    for text in ("Parcels wait.", "Parcels fly."):
        stored = await store.put("post", text)
        assert await version() == stored.corpus_version != before
    deleted = await store.corpus.delete(ALICE, "post", NEVER)
    assert await version() == deleted


async def test_a_search_whose_time_is_up_is_refused(store: Store) -> None:
    await store.put("post", "Parcels wait.")
    by = Deadline(asyncio.get_running_loop().time() - 0.001)
    with pytest.raises(Failure) as failure:
        await store.retriever.search(ALICE, Query("parcels", None, 5), by)
    assert failure.value.cause is Cause.STORE_TIMEOUT


async def test_searches_side_by_side_do_not_mix(store: Store) -> None:
    words = ["anchor", "barrel", "candle", "dagger", "engine", "feather"]
    for place, word in enumerate(words):
        await store.put(word, chunk(word, f"One {word}.", near(place)))
    found = await asyncio.gather(*(store.found(word, near(place), 1) for place, word in enumerate(words) for _ in "ab"))
    assert [name for (name,) in found] == [word for word in words for _ in "ab"]
