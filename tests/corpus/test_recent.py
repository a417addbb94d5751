import pytest

from groundwire_server.corpus.recent import RecentVectors
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.embedder import HashingEmbedder


async def test_only_what_is_new_is_embedded() -> None:
    embedder = HashingEmbedder()
    recent = RecentVectors(embedder)
    await recent.of(Requester("t"), ["a", "b", "a"], NEVER)
    assert await recent.of(Requester("t"), ["b", "c"], NEVER) == {"b": embedder.vector("b"), "c": embedder.vector("c")}
    assert embedder.calls == [["a", "b"], ["c"]]


async def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    embedder = HashingEmbedder()
    recent = RecentVectors(embedder, capacity=2)
    for text in ["a", "b", "a", "c", "a", "b"]:
        await recent.of(Requester("t"), [text], NEVER)
    assert embedder.calls == [["a"], ["b"], ["c"], ["b"]]


async def test_a_call_of_more_than_it_keeps_is_answered_whole() -> None:
    recent = RecentVectors(HashingEmbedder(), capacity=2)
    assert len(await recent.of(Requester("t"), list("abcdef"), NEVER)) == 6


async def test_another_models_vectors_are_not_taken() -> None:
    embedder = HashingEmbedder()
    recent = RecentVectors(embedder)
    await recent.of(Requester("t"), ["a"], NEVER)
    embedder.model = "another"
    await recent.of(Requester("t"), ["a"], NEVER)
    assert len(embedder.calls) == 2


async def test_tenants_share_nothing() -> None:
    embedder = HashingEmbedder()
    recent = RecentVectors(embedder)
    await recent.of(Requester("t"), ["a"], NEVER)
    await recent.of(Requester("u"), ["a"], NEVER)
    assert len(embedder.calls) == 2


async def test_a_failure_is_not_kept() -> None:
    embedder = HashingEmbedder(failures=[Failure(Cause.EMBEDDER_UNAVAILABLE)])
    recent = RecentVectors(embedder)
    with pytest.raises(Failure):
        await recent.of(Requester("t"), ["a"], Deadline(float("inf")))
    assert await recent.of(Requester("t"), ["a"], NEVER) == {"a": embedder.vector("a")}
