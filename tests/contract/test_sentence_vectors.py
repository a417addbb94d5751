"""What every SentenceVectors keeps, whatever stands behind it."""

import asyncio
from collections.abc import Sequence

import pytest

from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Sentence
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.contract.stores import ALICE, STRANGER, Store, near

TENANT = ALICE.tenant
SENTENCES = (Sentence(0, 8, near(0)), Sentence(9, 20, near(1, 0.6)))
SOME_WITHOUT = (Sentence(0, 3), Sentence(4, 8, near(2)), Sentence(8, 9), Sentence(9, 12, near(3, 0.5)))
NONE_WITH = (Sentence(0, 3), Sentence(4, 8))


def chunk(name: str, sentences: Sequence[Sentence], ordinal: int = 0) -> Chunk:
    return Chunk(name, ordinal, f"The text of {name}.", near(0), tuple(sentences))


async def test_gives_each_chunks_sentences_as_they_were_stored(store: Store) -> None:
    chunks = [chunk("all", SENTENCES), chunk("some", SOME_WITHOUT, 1), chunk("none", NONE_WITH, 2)]
    await store.put("post", *chunks)
    await store.put("other", chunk('it\'s "other" é🙂', SENTENCES))
    names = ["none", 'it\'s "other" é🙂', "all", "some"]
    found = await store.sentence_vectors.sentences(TENANT, names, NEVER)
    assert {name: tuple(sentences) for name, sentences in found.items()} == {
        "all": SENTENCES,
        "some": SOME_WITHOUT,
        "none": NONE_WITH,
        'it\'s "other" é🙂': SENTENCES,
    }


async def test_leaves_out_what_has_none(store: Store) -> None:
    await store.put("post", chunk("with", SENTENCES), chunk("without", (), 1))
    assert set(await store.sentence_vectors.sentences(TENANT, ["with", "without", "unknown"], NEVER)) == {"with"}
    assert await store.sentence_vectors.sentences(TENANT, [], NEVER) == {}
    assert await store.sentence_vectors.sentences("nobody", ["with"], NEVER) == {}


async def test_a_tenant_never_gets_anothers(store: Store) -> None:
    await store.put("post", chunk("c", SENTENCES))
    assert await store.sentence_vectors.sentences(STRANGER.tenant, ["c"], NEVER) == {}
    await store.put("post", chunk("c", NONE_WITH), caller=STRANGER)
    for tenant, sentences in ((TENANT, SENTENCES), (STRANGER.tenant, NONE_WITH)):
        found = await store.sentence_vectors.sentences(tenant, ["c"], NEVER)
        assert tuple(found["c"]) == sentences


async def test_asks_for_no_principals(store: Store) -> None:
    await store.put("secret", chunk("c", SENTENCES), allowed=frozenset())
    assert set(await store.sentence_vectors.sentences(TENANT, ["c"], NEVER)) == {"c"}


async def test_go_with_their_revision(store: Store) -> None:
    await store.put("post", chunk("old", SENTENCES), chunk("kept", SENTENCES, 1))
    await store.put("post", chunk("new", NONE_WITH), chunk("kept", NONE_WITH, 1))
    found = await store.sentence_vectors.sentences(TENANT, ["old", "new", "kept"], NEVER)
    assert {name: tuple(sentences) for name, sentences in found.items()} == {"new": NONE_WITH, "kept": NONE_WITH}
    await store.corpus.delete(ALICE, "post", NEVER)
    assert await store.sentence_vectors.sentences(TENANT, ["old", "new", "kept"], NEVER) == {}


async def test_looks_up_many_at_once(store: Store) -> None:
    await store.put("post", *(chunk(f"c{number}", SENTENCES, number) for number in range(1000)))
    found = await store.sentence_vectors.sentences(TENANT, [f"c{number}" for number in range(0, 2000, 2)], NEVER)
    assert set(found) == {f"c{number}" for number in range(0, 1000, 2)}


async def test_a_call_whose_time_is_up_is_refused(store: Store) -> None:
    with pytest.raises(Failure) as failure:
        await store.sentence_vectors.sentences(TENANT, ["c"], Deadline(asyncio.get_running_loop().time() - 0.001))
    assert failure.value.cause is Cause.STORE_TIMEOUT
