"""Documents that guards object to, from ingest to release, over a store in memory."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from groundwire_server.corpus.ingest import Ingest
from groundwire_server.corpus.quarantine import held_document, held_documents
from groundwire_server.corpus.screening import MOST_FINDINGS, DocumentGuard, DocumentScreen
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document, Listing, PutState
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.guards.finding import Flag, GuardActions, GuardIdentity
from groundwire_server.domain.quarantine import as_sent, quarantine_of
from groundwire_server.domain.vocabulary import GuardAction, Reason, Screen
from tests.corpus.conftest import KeepingCorpus
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.word_guard import WordGuard, quarantining

CALLER = Caller("acme", "ann", frozenset({"staff"}))
OTHER = Caller("acme", "bob", frozenset({"bob"}))
IDENTITY = GuardIdentity("words", "1")
DOCUMENT = Document("post", "Parcels wait. EVIL words.", "Post", "file:post", {"team": "mail"}, frozenset({"staff"}))
CLEAN = replace(DOCUMENT, text="Parcels wait.")


def guarded(
    guard: WordGuard, action: GuardAction = GuardAction.QUARANTINE, tenants: frozenset[str] | None = None
) -> DocumentGuard:
    return DocumentGuard(IDENTITY, GuardActions(action, tenants=tenants), guard)


def ingest_of(corpus: KeepingCorpus, embedder: HashingEmbedder | None = None, **categories: str) -> Ingest:
    return Ingest(corpus, embedder, screen=quarantining(**(categories or {"evil": "EVIL"})))


async def held_ids(corpus: KeepingCorpus, caller: Caller = CALLER) -> list[str]:
    return [info.document_id for info in await held_documents(corpus, caller, Listing(), None, 10, NEVER)]


async def listed(corpus: KeepingCorpus, caller: Caller = CALLER) -> list[str]:
    return [info.document_id for info in await corpus.page(caller, Listing(), None, 10, NEVER)]


async def release(ingest: Ingest, revision: int = 1, caller: Caller = CALLER) -> None:
    released = await ingest.release(caller, "post", revision, NEVER)
    assert released is not None
    assert not released.quarantined


class TestIngest:
    async def test_a_document_that_a_guard_objects_to_is_held_back(self, corpus: KeepingCorpus) -> None:
        embedder = HashingEmbedder()
        stored = await ingest_of(corpus, embedder).store(CALLER, DOCUMENT, NEVER)
        assert (stored.state, stored.revision, stored.quarantined) == (PutState.CREATED, 1, True)
        assert stored.flags == {Flag(Screen.DOCUMENT, IDENTITY, "evil", GuardAction.QUARANTINE): 1}
        assert (stored.chunk_count, corpus.chunks["post"], embedder.calls) == (0, (), [])
        assert await corpus.info(CALLER, "post", NEVER) is None
        assert await listed(corpus) == []
        assert await held_ids(corpus) == ["post"]

    async def test_the_same_document_again_writes_nothing(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        first = await ingest.store(CALLER, DOCUMENT, NEVER)
        again = await ingest.store(CALLER, DOCUMENT, NEVER, expected_revision=0)
        assert (again.state, again.quarantined, again.revision) == (PutState.UNCHANGED, True, 1)
        assert (again.content_hash, again.corpus_version) == (first.content_hash, first.corpus_version)

    async def test_a_document_that_was_found_before_is_found_no_more(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, CLEAN, NEVER)
        stored = await ingest.store(CALLER, DOCUMENT, NEVER, expected_revision=1)
        assert (stored.state, stored.revision, stored.quarantined) == (PutState.UPDATED, 2, True)
        assert await listed(corpus) == []

    async def test_a_changed_text_is_screened_anew(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, DOCUMENT, NEVER)
        stored = await ingest.store(CALLER, CLEAN, NEVER, expected_revision=1)
        assert (stored.state, stored.revision, stored.quarantined) == (PutState.UPDATED, 2, False)
        assert (await listed(corpus), await held_ids(corpus)) == (["post"], [])

    async def test_another_revision_than_the_expected_one_is_refused(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, CLEAN, NEVER)
        with pytest.raises(Rejection) as rejection:
            await ingest.store(CALLER, DOCUMENT, NEVER, expected_revision=0)
        assert rejection.value.reason is Reason.REVISION_MISMATCH
        assert await listed(corpus) == ["post"]

    async def test_a_document_that_was_stored_before_there_was_a_guard_is_held_when_it_is_sent_again(
        self, corpus: KeepingCorpus
    ) -> None:
        await Ingest(corpus).store(CALLER, DOCUMENT, NEVER)
        assert (await ingest_of(corpus).store(CALLER, DOCUMENT, NEVER)).quarantined
        assert await listed(corpus) == []

    async def test_a_held_document_is_let_through_by_guards_that_no_longer_object(self, corpus: KeepingCorpus) -> None:
        await ingest_of(corpus).store(CALLER, DOCUMENT, NEVER)
        assert not (await Ingest(corpus).store(CALLER, DOCUMENT, NEVER)).quarantined
        assert (await listed(corpus), await held_ids(corpus)) == (["post"], [])

    async def test_flags_alone_hold_nothing_back(self, corpus: KeepingCorpus) -> None:
        guards = DocumentScreen([guarded(WordGuard(evil="EVIL", post="Post"), GuardAction.FLAG)])
        document = replace(DOCUMENT, title="Post Post", text="Post. EVIL.")
        stored = await Ingest(corpus, screen=guards).store(CALLER, document, NEVER)
        assert not stored.quarantined
        assert {flag.category: count for flag, count in stored.flags.items()} == {"evil": 1, "post": 2}
        again = await Ingest(corpus, screen=guards).store(CALLER, document, NEVER)
        assert (again.state, again.flags) == (PutState.UNCHANGED, stored.flags)

    @pytest.mark.parametrize(("tenant", "held"), [("acme", True), ("globex", False)])
    async def test_a_guard_looks_at_the_documents_of_its_tenants(
        self, corpus: KeepingCorpus, tenant: str, held: bool
    ) -> None:
        guard = guarded(WordGuard(evil="EVIL"), tenants=frozenset({"acme"}))
        ingest = Ingest(corpus, screen=DocumentScreen([guard]))
        assert (await ingest.store(replace(CALLER, tenant=tenant), DOCUMENT, NEVER)).quarantined is held

    async def test_each_category_may_have_an_action_of_its_own(self, corpus: KeepingCorpus) -> None:
        by_category: Mapping[str, GuardAction | None] = {"evil": GuardAction.FLAG, "post": None}
        actions = GuardActions(GuardAction.QUARANTINE, by_category)
        guard = DocumentGuard(IDENTITY, actions, WordGuard(evil="EVIL", post="Post", parcel="Parcel"))
        ingest = Ingest(corpus, screen=DocumentScreen([guard]))
        flagged = await ingest.store(CALLER, replace(DOCUMENT, text="EVIL Post"), NEVER)
        held = await ingest.store(CALLER, replace(DOCUMENT, text="EVIL Parcel"), NEVER)
        assert (flagged.quarantined, [flag.category for flag in flagged.flags]) == (False, ["evil"])
        assert (held.quarantined, sorted(flag.category for flag in held.flags)) == (True, ["evil", "parcel"])

    async def test_a_reserved_principal_is_refused(self, corpus: KeepingCorpus) -> None:
        with pytest.raises(Rejection) as rejection:
            await Ingest(corpus).store(CALLER, replace(DOCUMENT, allowed_principals=frozenset({"\x1fstaff"})), NEVER)
        (violation,) = rejection.value.violations
        assert violation.rule == "document.allowed_principals.reserved"


class TestScreening:
    @pytest.mark.parametrize("place", [0, 7_000, 15_990, 31_995, 79_990])
    async def test_what_is_found_in_a_long_text_has_its_place(self, corpus: KeepingCorpus, place: int) -> None:
        words = "word " * 16_000
        text = f"{words[:place]}EVIL deeds{words[place + 10 :]}"
        await ingest_of(corpus, evil="EVIL deeds").store(CALLER, replace(DOCUMENT, text=text), NEVER)
        held = await held_document(corpus, CALLER, "post", NEVER, include_text=True)
        assert held is not None
        quarantine = quarantine_of(held.info)
        assert quarantine is not None
        (finding,) = quarantine.findings
        assert (finding.in_title, finding.rule, held.text[finding.start : finding.end]) == (
            False,
            "EVIL deeds",
            "EVIL deeds",
        )

    async def test_titles_are_screened_and_few_findings_of_a_kind_are_kept(self, corpus: KeepingCorpus) -> None:
        document = replace(DOCUMENT, title="ODD", text="EVIL\n" * 10_000)
        await ingest_of(corpus, odd="ODD", evil="EVIL").store(CALLER, document, NEVER)
        held = await held_document(corpus, CALLER, "post", NEVER, include_text=False)
        quarantine = quarantine_of(held.info) if held is not None else None
        assert quarantine is not None
        assert [(each.category, each.in_title) for each in quarantine.findings] == [
            ("odd", True),
            *[("evil", False)] * MOST_FINDINGS,
        ]

    def test_a_long_text_is_screened_a_window_at_a_time(self) -> None:
        guard = WordGuard(evil="EVIL")
        text = "Parcels wait.\n\n" * 250_000
        looks = DocumentScreen([guarded(guard)]).look("acme", replace(DOCUMENT, text=text))
        assert sum(1 for _ in looks) > 200
        assert max(map(len, guard.texts)) < 20_000
        assert sum(map(len, guard.texts)) < 1.1 * len(text)


class TestReview:
    async def test_it_is_described_as_it_was_sent(self, corpus: KeepingCorpus) -> None:
        stored = await ingest_of(corpus).store(CALLER, DOCUMENT, NEVER)
        held = await held_document(corpus, CALLER, "post", NEVER, include_text=True)
        assert held is not None
        sent = as_sent(held.info)
        assert (sent.metadata, sent.allowed_principals) == (DOCUMENT.metadata, DOCUMENT.allowed_principals)
        assert (sent.content_hash, held.text) == (stored.content_hash, DOCUMENT.text)
        quarantine = quarantine_of(held.info)
        assert quarantine is not None
        assert [(each.guard, each.reason) for each in quarantine.findings] == [(IDENTITY, ("words", "evil"))]

    async def test_only_who_would_see_it_released_may_review_it(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, DOCUMENT, NEVER)
        await ingest.store(CALLER, replace(DOCUMENT, document_id="all", allowed_principals=frozenset({"*"})), NEVER)
        await ingest.store(CALLER, replace(DOCUMENT, document_id="none", allowed_principals=frozenset()), NEVER)
        assert await held_ids(corpus) == ["all", "post"]
        assert await held_ids(corpus, OTHER) == ["all"]
        assert await held_ids(corpus, replace(CALLER, tenant="globex")) == []
        assert await held_document(corpus, OTHER, "post", NEVER, include_text=True) is None
        assert await ingest.release(OTHER, "post", 1, NEVER) is None

    async def test_documents_outside_quarantine_are_not_reviewed(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, replace(CLEAN, allowed_principals=frozenset({"*"})), NEVER)
        assert await held_ids(corpus) == []
        assert await held_document(corpus, CALLER, "post", NEVER, include_text=True) is None
        assert await ingest.release(CALLER, "post", 1, NEVER) is None


class TestRelease:
    async def test_a_released_document_is_stored_as_it_was_sent(self, corpus: KeepingCorpus) -> None:
        embedder = HashingEmbedder()
        ingest = ingest_of(corpus, embedder)
        sent = await ingest.store(CALLER, DOCUMENT, NEVER)
        released = await ingest.release(CALLER, "post", 1, NEVER)
        assert released is not None
        assert (released.state, released.revision, released.content_hash) == (PutState.UPDATED, 2, sent.content_hash)
        assert (len(corpus.chunks["post"]), len(embedder.calls)) == (1, 1)
        info = await corpus.info(CALLER, "post", NEVER)
        assert info is not None
        assert (as_sent(info).metadata, as_sent(info).allowed_principals) == (
            DOCUMENT.metadata,
            DOCUMENT.allowed_principals,
        )
        assert await corpus.info(OTHER, "post", NEVER) is None
        assert await held_ids(corpus) == []

    async def test_the_same_text_stays_released(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, DOCUMENT, NEVER)
        await release(ingest)
        again = await ingest.store(CALLER, DOCUMENT, NEVER)
        assert (again.state, again.quarantined, again.revision) == (PutState.UNCHANGED, False, 2)
        unseen = replace(DOCUMENT, metadata={"team": "parcels"}, allowed_principals=frozenset({"bob"}))
        changed = await ingest.store(CALLER, unseen, NEVER)
        assert (changed.state, changed.quarantined, changed.revision) == (PutState.UPDATED, False, 3)
        # The release is known of a document that its writer does not see.
        back = await ingest.store(CALLER, DOCUMENT, NEVER)
        assert (back.state, back.quarantined) == (PutState.UPDATED, False)

    async def test_a_release_outlasts_a_time_without_guards(self, corpus: KeepingCorpus) -> None:
        await ingest_of(corpus).store(CALLER, DOCUMENT, NEVER)
        await release(ingest_of(corpus))
        await Ingest(corpus).store(CALLER, replace(DOCUMENT, metadata={}), NEVER)
        assert not (await ingest_of(corpus).store(CALLER, DOCUMENT, NEVER)).quarantined

    @pytest.mark.parametrize(
        "changed", [{"text": "Parcels wait. EVIL wards."}, {"title": "Other"}], ids=["text", "title"]
    )
    async def test_another_text_is_held_again(self, corpus: KeepingCorpus, changed: dict[str, str]) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, DOCUMENT, NEVER)
        await release(ingest)
        stored = await ingest.store(CALLER, replace(DOCUMENT, **changed), NEVER)  # type: ignore[arg-type]
        assert (stored.quarantined, stored.revision) == (True, 3)

    async def test_a_release_covers_the_reasons_that_were_reviewed(self, corpus: KeepingCorpus) -> None:
        await ingest_of(corpus).store(CALLER, DOCUMENT, NEVER)
        await release(ingest_of(corpus))
        assert (await ingest_of(corpus, evil="EVIL", parcel="Parcel").store(CALLER, DOCUMENT, NEVER)).quarantined

    async def test_a_revision_that_was_not_reviewed_is_not_released(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, DOCUMENT, NEVER)
        await ingest.store(CALLER, replace(DOCUMENT, text="EVIL at last."), NEVER)
        with pytest.raises(Rejection) as rejection:
            await ingest.release(CALLER, "post", 1, NEVER)
        assert rejection.value.reason is Reason.REVISION_MISMATCH
        assert await held_ids(corpus) == ["post"]

    async def test_what_replaces_it_meanwhile_is_not_released(self, corpus: KeepingCorpus) -> None:
        embedder = HashingEmbedder()
        ingest = ingest_of(corpus, embedder)
        await ingest.store(CALLER, DOCUMENT, NEVER)

        async def replacing(document_id: str) -> None:
            await ingest.store(CALLER, replace(DOCUMENT, document_id=document_id, text="EVIL at last."), NEVER)

        corpus.before_put = replacing
        with pytest.raises(Rejection) as rejection:
            await ingest.release(CALLER, "post", 1, NEVER)
        assert rejection.value.reason is Reason.REVISION_MISMATCH
        assert await listed(corpus) == []

    async def test_a_repeated_release_finds_its_own_result(self, corpus: KeepingCorpus) -> None:
        ingest = ingest_of(corpus)
        await ingest.store(CALLER, DOCUMENT, NEVER)
        await release(ingest)
        again = await ingest.release(CALLER, "post", 1, NEVER)
        assert again is not None
        assert (again.state, again.revision) == (PutState.UNCHANGED, 2)
        with pytest.raises(Rejection):
            await ingest.release(CALLER, "post", 2, NEVER)
