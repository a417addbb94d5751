import asyncio
from dataclasses import replace

import pytest

from groundwire_server.corpus import ingest as module
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Document, PutState
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.vocabulary import Cause, Reason
from tests.corpus.conftest import KeepingCorpus
from tests.doubles.embedder import HashingEmbedder

CALLER = Caller("acme", "ann", frozenset({"staff"}))
TEXT = "Rollo swore fealty to the king. The Normans gave their name to Normandy.\n\n" * 30
DOCUMENT = Document("normans", TEXT, "Normans", allowed_principals=frozenset({"staff"}))
BOOK = replace(DOCUMENT, text="\n\n".join(f"{number}. {TEXT}" for number in range(20)))
"""Three windows."""


async def test_a_document_is_cut_embedded_and_stored(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    stored = await Ingest(corpus, embedder).store(CALLER, DOCUMENT, NEVER)
    chunks = corpus.chunks["normans"]
    assert (stored.state, stored.revision, stored.chunk_count) == (PutState.CREATED, 1, len(chunks))
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks) > 2
    for chunk in chunks:
        assert chunk.text in TEXT
        assert chunk.vector == embedder.vector(chunk.text)
        assert len(chunk.sentences) > 2
        for sentence in chunk.sentences:
            assert sentence.vector == embedder.vector(chunk.text[sentence.start : sentence.end])


async def test_the_same_text_is_embedded_once(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    await Ingest(corpus, embedder).store(CALLER, DOCUMENT, NEVER)
    (texts,) = embedder.calls
    assert len(texts) == len(set(texts))


async def test_without_an_embedder_there_are_neither_vectors_nor_sentences(corpus: KeepingCorpus) -> None:
    await Ingest(corpus).store(CALLER, DOCUMENT, NEVER)
    for chunk in corpus.chunks["normans"]:
        assert chunk.vector is None
        assert chunk.sentences == ()


async def test_sentences_are_embedded_where_that_is_wanted_alone(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    await Ingest(corpus, embedder, sentence_vectors=False).store(CALLER, DOCUMENT, NEVER)
    chunks = corpus.chunks["normans"]
    (texts,) = embedder.calls
    assert set(texts) == {chunk.text for chunk in chunks}
    for chunk in chunks:
        assert chunk.vector == embedder.vector(chunk.text)
        assert len(chunk.sentences) > 2
        assert all(sentence.vector is None for sentence in chunk.sentences)
    # What was stored the other way is written again, in either direction.
    for wanted in (True, False):
        again = await Ingest(corpus, embedder, sentence_vectors=wanted).store(CALLER, DOCUMENT, NEVER)
        assert again.state is PutState.UPDATED


async def test_an_unchanged_document_is_neither_embedded_nor_written(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    ingest = Ingest(corpus, embedder)
    first = await ingest.store(CALLER, DOCUMENT, NEVER)
    again = await ingest.store(CALLER, DOCUMENT, NEVER)
    assert again == replace(first, state=PutState.UNCHANGED)
    assert (len(embedder.calls), corpus.puts) == (1, 1)


async def test_any_change_makes_a_new_revision(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    ingest = Ingest(corpus, embedder)
    await ingest.store(CALLER, DOCUMENT, NEVER)
    assert (await ingest.store(CALLER, replace(DOCUMENT, title="Other"), NEVER)).revision == 2
    assert len(embedder.calls) == 1
    embedder.model = "another"
    stored = await ingest.store(CALLER, replace(DOCUMENT, title="Other"), NEVER)
    assert (stored.state, stored.revision) == (PutState.UPDATED, 3)
    assert len(embedder.calls) == 2


async def test_an_invalid_document_reaches_neither_the_embedder_nor_the_corpus(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    with pytest.raises(Rejection) as rejection:
        await Ingest(corpus, embedder).store(CALLER, replace(DOCUMENT, text=" "), NEVER)
    assert rejection.value.reason is Reason.INVALID_REQUEST
    assert (embedder.calls, corpus.deadlines) == ([], [])


@pytest.mark.parametrize("text", ["🙂", "שלום", "x", "\x00a"])
async def test_any_other_text_is_stored(corpus: KeepingCorpus, text: str) -> None:
    stored = await Ingest(corpus, HashingEmbedder()).store(CALLER, replace(DOCUMENT, text=text), NEVER)
    assert stored.chunk_count == 1


async def test_a_revision_that_is_not_expected_is_refused_before_anything_is_embedded(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    ingest = Ingest(corpus, embedder)
    await ingest.store(CALLER, DOCUMENT, NEVER, expected_revision=0)
    changed = replace(DOCUMENT, title="Other")
    for expected in (0, 2):
        with pytest.raises(Rejection) as rejection:
            await ingest.store(CALLER, changed, NEVER, expected_revision=expected)
        assert rejection.value.reason is Reason.REVISION_MISMATCH
    assert (len(embedder.calls), corpus.puts) == (1, 1)
    assert (await ingest.store(CALLER, changed, NEVER, expected_revision=1)).revision == 2


async def test_the_corpus_compares_the_expected_revision_of_what_the_caller_may_not_see(corpus: KeepingCorpus) -> None:
    unseen = replace(DOCUMENT, allowed_principals=frozenset())
    await Ingest(corpus).store(CALLER, unseen, NEVER)
    await Ingest(corpus).store(CALLER, replace(unseen, title="Other"), NEVER, expected_revision=1)
    assert corpus.expected == [None, 1]


async def test_the_same_document_sent_again_is_unchanged_whatever_revision_is_expected(corpus: KeepingCorpus) -> None:
    await Ingest(corpus).store(CALLER, DOCUMENT, NEVER, expected_revision=0)
    stored = await Ingest(corpus).store(CALLER, DOCUMENT, NEVER, expected_revision=0)
    assert (stored.state, stored.revision, corpus.puts) == (PutState.UNCHANGED, 1, 1)


async def test_the_deadline_reaches_the_embedder_and_the_corpus(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    deadline = Deadline(asyncio.get_running_loop().time() + 60)
    await Ingest(corpus, embedder).store(CALLER, BOOK, deadline)
    await Ingest(corpus, embedder).store(CALLER, BOOK, deadline)
    assert set(embedder.deadlines + corpus.deadlines) == {deadline}
    assert len(corpus.deadlines) == 4


async def test_a_failing_embedder_leaves_nothing_behind(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    embedder.failures = [Failure(Cause.EMBEDDER_UNAVAILABLE)]
    with pytest.raises(Failure):
        await Ingest(corpus, embedder).store(CALLER, DOCUMENT, NEVER)
    assert corpus.puts == 0


async def test_a_long_document_is_worked_on_window_by_window_and_can_be_cancelled(corpus: KeepingCorpus) -> None:
    embedder = HashingEmbedder()
    await Ingest(corpus, embedder).store(CALLER, BOOK, NEVER)
    assert len(embedder.calls) == 3
    embedder.delay = 3600
    embedder.began.clear()
    task = asyncio.create_task(Ingest(corpus, embedder).store(CALLER, replace(BOOK, title="New"), NEVER))
    await embedder.began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (embedder.cancelled, len(embedder.calls), corpus.puts) == (1, 4, 1)


async def test_of_very_many_sentences_the_last_are_not_embedded(
    corpus: KeepingCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SENTENCE_VECTORS", 500)
    await Ingest(corpus, HashingEmbedder()).store(CALLER, BOOK, NEVER)
    chunks = corpus.chunks["normans"]
    with_vectors = [all(sentence.vector is not None for sentence in chunk.sentences) for chunk in chunks]
    assert with_vectors == sorted(with_vectors, reverse=True)
    assert {True, False} == set(with_vectors)
    assert all(chunk.vector is not None for chunk in chunks)
