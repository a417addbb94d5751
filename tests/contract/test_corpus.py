"""What every Corpus keeps, whatever stands behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import (
    Chunk,
    Document,
    DocumentInfo,
    DocumentOrder,
    Listing,
    Position,
    PutState,
    TextFormat,
)
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Filter, IsNull, Not, Range
from groundwire_server.domain.metadata import MetadataValue
from groundwire_server.domain.vocabulary import Cause, Reason
from groundwire_server.ports.corpus import Corpus
from tests.contract.stores import ALICE, ALL, BOB, STRANGER, Store, chunk, near

BOBS = frozenset({"bob"})
BY_ID = Listing()
OLDEST = Listing(order=DocumentOrder.OLDEST)
NEWEST = Listing(order=DocumentOrder.NEWEST)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


async def version(store: Store, caller: Caller = ALICE) -> str:
    return await store.corpus.version(caller, NEVER)


async def names(
    store: Store, caller: Caller = ALICE, after: str = "", limit: int = 100, listing: Listing = BY_ID
) -> list[str]:
    position = Position(after, EPOCH) if after else None
    return [info.document_id for info in await store.corpus.page(caller, listing, position, limit, NEVER)]


async def walked(store: Store, listing: Listing, limit: int) -> list[DocumentInfo]:
    """Every document of a listing, page by page."""
    found: list[DocumentInfo] = []
    position = None
    while page := await store.corpus.page(ALICE, listing, position, limit, NEVER):
        assert len(page) <= limit
        found += page
        position = Position(page[-1].document_id, page[-1].updated)
    return found


class TestPut:
    async def test_keeps_everything_about_a_document(self, store: Store) -> None:
        metadata: dict[str, MetadataValue] = {"s": "é\x00\"'", "n": 1.5, "z": -0.0, "b": False, "l": ("x", ""), "e": ()}
        text = 'Parcels\x00 wait 🙂\r\n in the "mail room".\n'
        allowed = frozenset({"alice", "x"})
        document = Document("a/b c?é", text, "A title", "https://example/é", metadata, allowed, TextFormat.MARKDOWN)
        stored = await store.corpus.put(ALICE, document, "hash", [chunk("c", "Parcels"), chunk("d", "wait")], NEVER)
        assert (stored.state, stored.revision, stored.chunk_count) == (PutState.CREATED, 1, 2)
        assert await store.corpus.text(ALICE, "a/b c?é", NEVER) == text
        info = await store.corpus.info(ALICE, "a/b c?é", NEVER)
        assert info is not None
        assert (info.document_id, info.title, info.source_uri) == ("a/b c?é", "A title", "https://example/é")
        assert (info.metadata, info.text_format) == (metadata, TextFormat.MARKDOWN)
        assert [type(info.metadata[key]) for key in metadata] == [type(value) for value in metadata.values()]
        assert info.allowed_principals == {"alice", "x"}
        assert (info.revision, info.content_hash, info.chunk_count) == (1, "hash", 2)
        assert info.size_bytes == len(text.encode())
        assert info.updated.tzinfo is not None
        assert info.updated.astimezone(UTC).utcoffset() == timedelta(0)
        assert await store.corpus.page(ALICE, BY_ID, None, 10, NEVER) == [info]

    async def test_the_same_hash_writes_nothing(self, store: Store) -> None:
        first = await store.put("post", "Parcels wait.")
        before = await store.corpus.info(ALICE, "post", NEVER)
        again = await store.corpus.put(
            ALICE, Document("post", "Other", allowed_principals=ALL), before.content_hash if before else "", [], NEVER
        )
        assert (again.state, again.revision, again.chunk_count) == (PutState.UNCHANGED, 1, 1)
        assert again.corpus_version == first.corpus_version == await version(store)
        assert await store.corpus.info(ALICE, "post", NEVER) == before
        assert await store.corpus.text(ALICE, "post", NEVER) == "Parcels wait."
        assert await store.found("parcels") == ["post/0"]

    async def test_another_hash_replaces_all_of_it(self, store: Store) -> None:
        await store.put("post", "Parcels wait.", "Letters fly.", metadata={"a": "x", "b": 1.0})
        stored = await store.put("post", "Soup.", metadata={"b": "y"}, allowed=frozenset({"alice"}))
        assert (stored.state, stored.revision, stored.chunk_count) == (PutState.UPDATED, 2, 1)
        info = await store.corpus.info(ALICE, "post", NEVER)
        assert info is not None
        assert (info.revision, info.chunk_count, info.metadata) == (2, 1, {"b": "y"})
        assert info.allowed_principals == {"alice"}
        assert await store.corpus.text(ALICE, "post", NEVER) == "Soup."
        assert await names(store) == ["post"]
        assert await store.found("parcels letters soup") == ["post/0"]

    async def test_back_to_an_earlier_text_is_a_new_revision(self, store: Store) -> None:
        for revision, text in enumerate(("One.", "Two.", "One."), start=1):
            assert (await store.put("post", text)).revision == revision
        assert await store.corpus.text(ALICE, "post", NEVER) == "One."

    async def test_a_document_needs_no_chunks(self, store: Store) -> None:
        stored = await store.put("empty")
        assert (stored.state, stored.chunk_count) == (PutState.CREATED, 0)
        assert await store.corpus.text(ALICE, "empty", NEVER) == ""
        assert (await store.put("empty", "Now it has one.")).state is PutState.UPDATED
        assert (await store.put("empty")).chunk_count == 0
        assert await store.found("now") == []
        assert await store.corpus.delete(ALICE, "empty", NEVER) is not None

    async def test_chunks_may_move_to_another_document(self, store: Store) -> None:
        await store.put("one", chunk("c", "Parcels."))
        await store.corpus.delete(ALICE, "one", NEVER)
        await store.put("two", chunk("c", "Letters."))
        assert await store.found("parcels letters") == ["c"]

    async def test_one_document_put_side_by_side_has_one_revision_each(self, store: Store) -> None:
        stored = await asyncio.gather(*(store.put("post", f"Text {number}.") for number in range(8)))
        assert sorted(each.revision for each in stored) == list(range(1, 9))
        assert [each.state for each in stored].count(PutState.CREATED) == 1
        newest = max(stored, key=lambda each: each.revision)
        assert newest.corpus_version == await version(store)
        (passage,) = (await store.search("text")).passages
        assert passage.revision == 8


class TestAnExpectedRevision:
    async def put(self, store: Store, text: str, expected: int | None) -> PutState:
        document = Document("post", text, allowed_principals=ALL)
        pieces = [Chunk(f"{text}/0", 0, text)]
        stored = await store.corpus.put(ALICE, document, text, pieces, NEVER, expected_revision=expected)
        return stored.state

    @pytest.fixture(params=["never stored", "stored twice", "deleted"])
    async def stored(self, store: Store, request: pytest.FixtureRequest) -> int:
        """The revision that is stored."""
        if request.param == "never stored":
            return 0
        await self.put(store, "One.", None)
        await self.put(store, "Two.", None)
        if request.param == "stored twice":
            return 2
        await store.corpus.delete(ALICE, "post", NEVER)
        return 0

    async def test_that_is_stored_is_replaced(self, store: Store, stored: int) -> None:
        assert await self.put(store, "New.", stored) is (PutState.UPDATED if stored else PutState.CREATED)
        assert await store.corpus.text(ALICE, "post", NEVER) == "New."
        assert await store.found("new two") == ["New./0"]

    async def test_that_is_not_stored_is_refused_and_nothing_changes(self, store: Store, stored: int) -> None:
        before = await version(store), await store.corpus.info(ALICE, "post", NEVER)
        for expected in {0, 1, 2, 3} - {stored}:
            with pytest.raises(Rejection) as refused:
                await self.put(store, "New.", expected)
            assert refused.value.reason is Reason.REVISION_MISMATCH
            revisions = {"expected_revision": str(expected), "revision": str(stored)}
            assert refused.value.metadata == {"document_id": "post", **revisions}
        assert (await version(store), await store.corpus.info(ALICE, "post", NEVER)) == before
        assert await store.found("new") == []
        assert await self.put(store, "New.", stored) is not PutState.UNCHANGED

    @pytest.mark.parametrize("expected", [0, 1, 2, 3])
    async def test_is_not_compared_where_the_same_is_stored(self, store: Store, expected: int) -> None:
        await self.put(store, "One.", None)
        await self.put(store, "Two.", 1)
        # What was sent again because its reply was lost.
        assert await self.put(store, "Two.", expected) is PutState.UNCHANGED

    async def test_of_a_document_that_the_caller_may_not_see_counts(self, store: Store) -> None:
        await store.put("post", "Parcels wait.", allowed=BOBS)
        with pytest.raises(Rejection):
            await self.put(store, "New.", 0)
        assert await self.put(store, "New.", 1) is PutState.UPDATED

    async def test_lets_one_of_many_at_once_replace_it(self, store: Store) -> None:
        await self.put(store, "One.", 0)
        puts = (self.put(store, f"Text {number}.", 1) for number in range(8))
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert [each for each in results if each is PutState.UPDATED] == [PutState.UPDATED]
        assert sum(isinstance(each, Rejection) for each in results) == 7
        info = await store.corpus.info(ALICE, "post", NEVER)
        assert info is not None
        assert info.revision == 2


class TestRevisions:
    async def test_grow_after_a_document_was_deleted(self, store: Store) -> None:
        await store.put("post", "One.")
        await store.put("post", "Two.")
        await store.corpus.delete(ALICE, "post", NEVER)
        again = await store.put("post", "Two.")
        assert (again.state, again.revision) == (PutState.CREATED, 3)
        await store.corpus.delete(ALICE, "post", NEVER)
        assert (await store.put("post", "Three.")).revision == 4

    async def test_are_each_documents_and_each_tenants_own(self, store: Store) -> None:
        await store.put("post", "One.")
        await store.put("post", "Two.")
        assert (await store.put("other", "One.")).revision == 1
        assert (await store.put("post", "One.", caller=STRANGER)).revision == 1


class TestVersion:
    async def test_changes_with_every_change_and_only_then(self, store: Store) -> None:
        seen = [await version(store)]

        async def changed(told: str | None) -> None:
            assert told == await version(store) == await version(store, BOB)
            assert told not in seen
            seen.append(told or "")

        async def unchanged() -> None:
            assert await version(store) == seen[-1]

        await unchanged()
        await changed((await store.put("post", "One.")).corpus_version)
        await changed((await store.put("post", "Two.")).corpus_version)
        await changed((await store.put("post", "Two.", metadata={"a": "x"})).corpus_version)
        await changed((await store.put("empty")).corpus_version)
        await store.put("empty")
        await unchanged()
        assert await store.corpus.delete(ALICE, "unknown", NEVER) is None
        await unchanged()
        await changed((await store.put("secret", "Three.", allowed=BOBS)).corpus_version)
        assert await store.corpus.delete(ALICE, "secret", NEVER) is None
        await unchanged()
        await store.search("two", near(0))
        await store.corpus.page(ALICE, BY_ID, None, 10, NEVER)
        await store.corpus.count(ALICE, IsNull("a"), NEVER)
        assert await store.corpus.purge(ALICE, Equals("a", "z"), NEVER) is None
        await unchanged()
        await store.put("post", "Others.", caller=STRANGER)
        await store.corpus.delete(STRANGER, "post", NEVER)
        await unchanged()
        await changed(await store.corpus.delete(ALICE, "post", NEVER))
        await changed((await store.put("post", "One.")).corpus_version)

    async def test_is_never_empty(self, store: Store) -> None:
        assert await version(store)
        await store.put("post", "One.")
        assert await version(store)


class TestDelete:
    async def test_leaves_nothing(self, store: Store) -> None:
        await store.put("post", chunk("c", "Parcels wait.", near(0)))
        assert await store.corpus.delete(ALICE, "post", NEVER) == await version(store)
        assert await store.corpus.info(ALICE, "post", NEVER) is None
        assert await store.corpus.text(ALICE, "post", NEVER) is None
        assert await names(store) == []
        assert await store.found("parcels", near(0)) == []
        assert await store.corpus.delete(ALICE, "post", NEVER) is None

    async def test_takes_only_what_it_names(self, store: Store) -> None:
        for name in ("post", "Post", "post ", "post%", "pos_"):
            await store.put(name, "Parcels wait.")
        await store.corpus.delete(ALICE, "post", NEVER)
        assert await names(store) == sorted(["Post", "post ", "post%", "pos_"])


class TestPage:
    NAMES = ("a", "B", "b", "a b", "a%", "a_", "é", "z", "🙂", "ש", "\uffff", "10", "9")

    async def test_lists_by_id_in_the_order_of_code_points(self, store: Store) -> None:
        for name in self.NAMES:
            await store.put(name, "Text.")
        expected = sorted(self.NAMES)
        assert await names(store) == expected
        for limit in (1, 2, 5, len(expected)):
            listed: list[str] = []
            while page := await names(store, after=listed[-1] if listed else "", limit=limit):
                assert len(page) <= limit
                listed += page
            assert listed == expected

    async def test_begins_after_an_id_that_need_not_exist(self, store: Store) -> None:
        for name in ("a", "c"):
            await store.put(name, "Text.")
        assert await names(store, after="b") == ["c"]
        assert await names(store, after="a") == ["c"]
        assert await names(store, after="c") == []

    async def test_counts_only_what_the_caller_may_see(self, store: Store) -> None:
        for number in range(20):
            await store.put(f"d{number:02}", "Text.", allowed=BOBS if number % 5 else ALL)
        await store.corpus.delete(ALICE, "d05", NEVER)
        assert await names(store, limit=2) == ["d00", "d10"]
        assert await names(store, after="d10", limit=2) == ["d15"]
        assert len(await names(store, BOB)) == 19
        assert await names(store, STRANGER) == []


class TestOrder:
    async def test_is_by_id_or_by_time_from_either_end(self, store: Store) -> None:
        for name in ("b", "é", "a", "10", "9"):
            await store.put(name, "Text.")
        await store.put("b", "Another text.")
        await store.corpus.delete(ALICE, "9", NEVER)
        by_id = await store.corpus.page(ALICE, BY_ID, None, 10, NEVER)
        oldest = sorted(by_id, key=lambda info: (info.updated, info.document_id))
        assert [info.document_id for info in by_id] == ["10", "a", "b", "é"]
        for limit in (1, 2, 3, 4, 10):
            assert await walked(store, BY_ID, limit) == by_id
            assert await walked(store, OLDEST, limit) == oldest
            assert await walked(store, NEWEST, limit) == oldest[::-1]

    async def test_of_times_is_that_of_the_last_change(self, store: Store) -> None:
        for name in ("c", "a", "b", "a"):
            await store.put(name, f"Text {await version(store)}.")
        assert await names(store, listing=OLDEST) == ["c", "b", "a"]

    @pytest.mark.parametrize(("order", "follows"), [(DocumentOrder.OLDEST, 2), (DocumentOrder.NEWEST, 0)])
    async def test_goes_on_where_the_last_document_was_deleted(
        self, store: Store, order: DocumentOrder, follows: int
    ) -> None:
        for name in ("a", "b", "c"):
            await store.put(name, "Text.")
        infos = await walked(store, OLDEST, 10)
        await store.corpus.delete(ALICE, "b", NEVER)
        position = Position("b", infos[1].updated)
        assert await store.corpus.page(ALICE, Listing(None, order), position, 10, NEVER) == [infos[follows]]


FILTERED: list[tuple[Filter, set[str]]] = [
    (Equals("team", "hr"), {"a", "b"}),
    (Not(Equals("team", "hr")), {"c", "d"}),
    (Equals("year", 2026.0), {"a", "c"}),
    (Equals("year", "2026"), {"b"}),
    (Range("year", at_least=2000.0, less_than=2026.0), {"d"}),
    (Contains("tags", ("x",)), {"a", "c"}),
    (Contains("tags", ("x", "y"), all_values=True), {"c"}),
    (IsNull("tags"), {"b", "d"}),
    (AllOf((Equals("team", "hr"), IsNull("tags", is_null=False))), {"a"}),
    (AnyOf((Equals("draft", value=True), Equals("year", 2026.0))), {"a", "c", "d"}),
    (Equals("unknown", "x"), set()),
    (Contains("tags", ()), set()),
    (IsNull("unknown"), {"a", "b", "c", "d"}),
]


class TestAFilter:
    @pytest.fixture(autouse=True)
    async def documents(self, store: Store) -> None:
        await store.put("d", "Text.", metadata={"team": "it", "year": 2020.0, "draft": True})
        await store.put("a", "Text.", metadata={"team": "hr", "year": 2026.0, "tags": ("x",)})
        await store.put("c", "Text.", metadata={"year": 2026.0, "tags": ("y", "x")})
        await store.put("b", "Text.", metadata={"team": "hr", "year": "2026"})
        await store.put("secret", "Text.", metadata={"team": "hr", "year": 2026.0}, allowed=BOBS)
        await store.put("theirs", "Text.", metadata={"team": "hr", "year": 2026.0}, caller=STRANGER)

    @pytest.mark.parametrize(("condition", "expected"), FILTERED)
    async def test_selects_what_is_listed_and_counted(
        self, store: Store, condition: Filter, expected: set[str]
    ) -> None:
        assert await names(store, listing=Listing(condition)) == sorted(expected)
        by_time = [info.document_id for info in await walked(store, Listing(condition, DocumentOrder.OLDEST), 1)]
        assert by_time == [name for name in ("d", "a", "c", "b") if name in expected]
        assert await store.corpus.count(ALICE, condition, NEVER) == len(expected)

    async def test_follows_the_metadata(self, store: Store) -> None:
        await store.put("a", "Text.", metadata={"team": "it"})
        assert await names(store, listing=Listing(Equals("team", "hr"))) == ["b"]
        assert await names(store, listing=Listing(Equals("team", "it"))) == ["a", "d"]
        await store.corpus.delete(ALICE, "a", NEVER)
        assert await names(store, listing=Listing(Equals("team", "it"))) == ["d"]
        assert await store.corpus.count(ALICE, Equals("team", "it"), NEVER) == 1

    @pytest.mark.parametrize(("condition", "expected"), FILTERED)
    async def test_selects_what_is_purged(self, store: Store, condition: Filter, expected: set[str]) -> None:
        kept = {"a", "b", "c", "d"} - expected
        purged = 0
        while removed := await store.corpus.purge(ALICE, condition, NEVER):
            purged += removed.count
        assert purged == len(expected)
        assert await names(store) == sorted(kept)
        assert set(await store.found("text", top_k=50)) == {f"{name}/0" for name in kept}
        assert await names(store, BOB) == sorted({*kept, "secret"})
        assert await names(store, STRANGER) == ["theirs"]


class TestPurge:
    async def test_leaves_nothing_of_many(self, store: Store) -> None:
        for number in range(7):
            await store.put(f"d{number}", chunk(f"c{number}", "Parcels wait.", near(0)), metadata={"a": "x"})
        await store.put("kept", "Parcels wait.", metadata={"a": "y"})
        seen = [await version(store)]
        purged = 0
        while removed := await store.corpus.purge(ALICE, Equals("a", "x"), NEVER):
            purged += removed.count
            assert removed.corpus_version == await version(store)
            seen.append(removed.corpus_version)
        assert purged == 7
        assert len(set(seen)) == len(seen)
        assert await version(store) == seen[-1]
        assert await names(store) == ["kept"]
        assert await store.corpus.text(ALICE, "d0", NEVER) is None
        assert await store.found("parcels", near(0)) == ["kept/0"]

    async def test_lets_revisions_go_on(self, store: Store) -> None:
        await store.put("post", "One.")
        removed = await store.corpus.purge(ALICE, IsNull("a"), NEVER)
        assert removed is not None
        assert removed.count == 1
        again = await store.put("post", "One.")
        assert (again.state, again.revision) == (PutState.CREATED, 2)

    async def test_of_a_tenant_without_documents_removes_none(self, store: Store) -> None:
        assert await store.corpus.purge(STRANGER, IsNull("a"), NEVER) is None
        assert await store.corpus.count(STRANGER, IsNull("a"), NEVER) == 0


class TestWhatTheCallerMayNotSee:
    @pytest.mark.parametrize("allowed", [frozenset(), BOBS])
    async def test_does_not_exist(self, store: Store, allowed: frozenset[str]) -> None:
        await store.put("secret", "Parcels wait.", allowed=allowed)
        before = await version(store)
        assert await store.corpus.info(ALICE, "secret", NEVER) is None
        assert await store.corpus.text(ALICE, "secret", NEVER) is None
        assert await names(store) == []
        assert await store.corpus.delete(ALICE, "secret", NEVER) is None
        assert await version(store) == before
        exists = await store.corpus.text(BOB, "secret", NEVER) is not None
        assert exists is (allowed == BOBS)

    async def test_is_replaced_by_whoever_puts(self, store: Store) -> None:
        await store.put("secret", "Parcels wait.", allowed=BOBS)
        stored = await store.put("secret", "Soup is served.", allowed=frozenset({"alice"}))
        assert stored.revision == 2
        assert await store.corpus.text(ALICE, "secret", NEVER) == "Soup is served."
        assert await store.corpus.text(BOB, "secret", NEVER) is None
        assert await store.found("parcels soup", caller=BOB) == []

    async def test_may_be_put_by_those_who_may_not_see_it(self, store: Store) -> None:
        await store.put("secret", "Parcels wait.", allowed=frozenset())
        assert await store.corpus.info(ALICE, "secret", NEVER) is None
        assert (await store.put("secret", "Parcels wait.", allowed=frozenset())).state is PutState.UNCHANGED

    @pytest.mark.parametrize(
        ("principals", "allowed", "exists"),
        [
            (frozenset({"alice"}), frozenset({EVERYBODY}), True),
            (frozenset[str](), frozenset({EVERYBODY}), True),
            (frozenset({"alice"}), frozenset({"alice"}), True),
            (frozenset({"alice"}), frozenset({"Alice"}), False),
            (frozenset({"a"}), frozenset({"alice"}), False),
            (frozenset({"%"}), frozenset({"alice"}), False),
            (frozenset[str](), frozenset({"alice"}), False),
            (frozenset({"alice"}), frozenset[str](), False),
            (frozenset({""}), frozenset[str](), False),
            (frozenset({'["alice"]'}), frozenset({"alice"}), False),
        ],
    )
    async def test_is_what_its_list_does_not_admit(
        self, store: Store, principals: frozenset[str], allowed: frozenset[str], exists: bool
    ) -> None:
        caller = Caller("acme", "someone", principals)
        assert caller.may_see(allowed) is exists
        await store.put("post", "Parcels wait.", allowed=allowed)
        assert (await store.corpus.info(caller, "post", NEVER) is not None) is exists
        assert (await store.corpus.text(caller, "post", NEVER) is not None) is exists
        assert await names(store, caller) == ["post"] * exists
        assert (await store.corpus.delete(caller, "post", NEVER) is not None) is exists


class TestAnotherTenants:
    async def test_documents_do_not_exist(self, store: Store) -> None:
        await store.put("post", chunk("c", "Parcels wait.", near(0)))
        before = await version(store)
        assert await store.corpus.info(STRANGER, "post", NEVER) is None
        assert await store.corpus.text(STRANGER, "post", NEVER) is None
        assert await names(store, STRANGER) == []
        assert await store.corpus.delete(STRANGER, "post", NEVER) is None
        assert await store.found("parcels", near(0), caller=STRANGER) == []
        assert await version(store, STRANGER) != before
        assert await version(store) == before

    async def test_documents_of_the_same_id_are_others(self, store: Store) -> None:
        await store.put("post", "Parcels wait.")
        stored = await store.put("post", "Parcels wait.", caller=STRANGER)
        assert (stored.state, stored.revision) == (PutState.CREATED, 1)
        await store.corpus.delete(STRANGER, "post", NEVER)
        assert await store.corpus.text(ALICE, "post", NEVER) == "Parcels wait."
        assert await store.found("parcels") == ["post/0"]


CALLS: dict[str, Callable[[Corpus, Deadline], Awaitable[object]]] = {
    "put": lambda corpus, by: corpus.put(
        ALICE, Document("post", "Late.", allowed_principals=ALL), "late", [Chunk("late", 0, "Late.")], by
    ),
    "delete": lambda corpus, by: corpus.delete(ALICE, "post", by),
    "info": lambda corpus, by: corpus.info(ALICE, "post", by),
    "text": lambda corpus, by: corpus.text(ALICE, "post", by),
    "page": lambda corpus, by: corpus.page(ALICE, BY_ID, None, 10, by),
    "count": lambda corpus, by: corpus.count(ALICE, IsNull("a"), by),
    "purge": lambda corpus, by: corpus.purge(ALICE, IsNull("a"), by),
    "version": lambda corpus, by: corpus.version(ALICE, by),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_a_call_whose_time_is_up_is_refused_and_changes_nothing(
    store: Store, call: Callable[[Corpus, Deadline], Awaitable[object]]
) -> None:
    stored = await store.put("post", "Parcels wait.")
    with pytest.raises(Failure) as failure:
        await call(store.corpus, Deadline(asyncio.get_running_loop().time() - 0.001))
    assert failure.value.cause is Cause.STORE_TIMEOUT
    assert await version(store) == stored.corpus_version
    assert await store.corpus.text(ALICE, "post", NEVER) == "Parcels wait."
    assert await store.found("parcels late") == ["post/0"]
