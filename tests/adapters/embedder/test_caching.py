import asyncio

import pytest

from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.erasure import ErasedPlace, ErasedPlaceKind, Erasure, OneDocument
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.embedder import HashingEmbedder


def within(seconds: float) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


async def turn() -> None:
    """Let every task run until it waits."""
    await asyncio.sleep(0.001)


async def test_a_text_is_embedded_once() -> None:
    inner = HashingEmbedder()
    cache = CachingEmbedder(inner)
    for text in ["a", "b", "a"]:
        assert list(await cache.embed([text], NEVER)) == [inner.vector(text)]
    assert inner.calls == [["a"], ["b"]]


async def test_what_was_used_longest_ago_goes_first() -> None:
    inner = HashingEmbedder()
    cache = CachingEmbedder(inner, capacity=2)
    for text in ["a", "b", "a", "c", "a", "b"]:
        await cache.embed([text], NEVER)
    assert inner.calls == [["a"], ["b"], ["c"], ["b"]]


async def test_a_call_of_several_texts_flushes_nothing() -> None:
    inner = HashingEmbedder()
    cache = CachingEmbedder(inner, capacity=1)
    await cache.embed(["question"], NEVER)
    assert list(await cache.embed(["chunk", "sentence"], NEVER)) == [inner.vector("chunk"), inner.vector("sentence")]
    await cache.embed(["question"], NEVER)
    assert inner.calls == [["question"], ["chunk", "sentence"]]


async def test_tenants_learn_nothing_of_each_others_texts() -> None:
    inner = HashingEmbedder()
    cache = CachingEmbedder(inner)
    for tenant in ("acme", "globex", "acme", "globex"):
        await cache.embed(["a"], NEVER, Requester(tenant))
    assert inner.calls == [["a"], ["a"]]


async def test_tenants_side_by_side_do_not_wait_for_each_other() -> None:
    inner = HashingEmbedder(delay=1)
    cache = CachingEmbedder(inner)
    await asyncio.gather(*(cache.embed(["a"], within(5), Requester(tenant)) for tenant in ("acme", "globex", "acme")))
    assert inner.calls == [["a"], ["a"]]


async def test_an_erasure_forgets_the_texts_of_its_tenant() -> None:
    inner = HashingEmbedder()
    cache = CachingEmbedder(inner)
    for tenant, text in (("acme", "a"), ("acme", "b"), ("globex", "a")):
        await cache.embed([text], NEVER, Requester(tenant))
    (erased,) = await cache.erase(Erasure("acme", OneDocument("d")), NEVER)
    assert erased == ErasedPlace(ErasedPlaceKind.CACHED_TEXTS, 2)
    inner.calls.clear()
    await cache.embed(["a"], NEVER, Requester("globex"))
    await cache.embed(["a"], NEVER, Requester("acme"))
    assert inner.calls == [["a"]]


async def test_what_an_erasure_finds_under_way_is_not_kept() -> None:
    inner = HashingEmbedder(delay=1)
    cache = CachingEmbedder(inner)
    running = asyncio.create_task(cache.embed(["a"], within(5), Requester("acme")))
    await inner.began.wait()
    await cache.erase(Erasure("acme", OneDocument("d")), NEVER)
    await running
    await cache.embed(["a"], within(5), Requester("acme"))
    assert inner.calls == [["a"], ["a"]]


async def test_a_change_of_model_finds_nothing() -> None:
    inner = HashingEmbedder()
    cache = CachingEmbedder(inner)
    await cache.embed(["a"], NEVER)
    inner.model = "another"
    await cache.embed(["a"], NEVER)
    assert inner.calls == [["a"], ["a"]]


async def test_calls_side_by_side_share_the_work() -> None:
    inner = HashingEmbedder(delay=1)
    cache = CachingEmbedder(inner)
    found = await asyncio.gather(*(cache.embed([f"text {n % 2}"], within(5)) for n in range(6)))
    assert inner.calls == [["text 0"], ["text 1"]]
    assert [list(vectors) for vectors in found] == [[inner.vector(f"text {n % 2}")] for n in range(6)]


async def test_the_deadline_reaches_the_inner_embedder() -> None:
    inner = HashingEmbedder()
    deadline = within(3)
    await CachingEmbedder(inner).embed(["a"], deadline)
    assert inner.deadlines == [deadline]


async def test_a_failure_is_not_kept() -> None:
    inner = HashingEmbedder(failures=[Failure(Cause.EMBEDDER_UNAVAILABLE)])
    cache = CachingEmbedder(inner)
    with pytest.raises(Failure):
        await cache.embed(["a"], NEVER)
    assert list(await cache.embed(["a"], NEVER)) == [inner.vector("a")]


async def test_a_failure_reaches_everybody_who_waits() -> None:
    inner = HashingEmbedder(delay=1, failures=[Failure(Cause.EMBEDDER_UNAVAILABLE)])
    cache = CachingEmbedder(inner)
    found = await asyncio.gather(*(cache.embed(["a"], NEVER) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in found] == [Failure] * 3
    assert len(inner.calls) == 1


async def test_who_leaves_takes_nothing_from_those_who_wait() -> None:
    inner = HashingEmbedder(delay=1)
    cache = CachingEmbedder(inner)
    first = asyncio.create_task(cache.embed(["a"], NEVER))
    await turn()
    second = asyncio.create_task(cache.embed(["a"], NEVER))
    await turn()
    first.cancel()
    assert list(await second) == [inner.vector("a")]
    assert (len(inner.calls), inner.cancelled) == (1, 0)
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_the_last_to_leave_ends_the_work_and_the_next_begins_anew() -> None:
    inner = HashingEmbedder(delay=1)
    cache = CachingEmbedder(inner)
    tasks = [asyncio.create_task(cache.embed(["a"], NEVER)) for _ in range(2)]
    await turn()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    again = await cache.embed(["a"], NEVER)
    assert list(again) == [inner.vector("a")]
    assert (len(inner.calls), inner.cancelled) == (2, 1)


async def test_each_waits_by_its_own_deadline() -> None:
    inner = HashingEmbedder(delay=2)
    cache = CachingEmbedder(inner)
    patient = asyncio.create_task(cache.embed(["a"], within(5)))
    await turn()
    began = asyncio.get_running_loop().time()
    with pytest.raises(Failure) as failure:
        await cache.embed(["a"], within(1))
    assert failure.value.cause is Cause.EMBEDDER_UNAVAILABLE
    assert asyncio.get_running_loop().time() - began == pytest.approx(1.0)
    assert list(await patient) == [inner.vector("a")]
    assert len(inner.calls) == 1


async def test_work_that_fails_for_want_of_anothers_time_is_done_in_ones_own() -> None:
    inner = HashingEmbedder(delay=2)
    cache = CachingEmbedder(inner)
    hasty = asyncio.create_task(cache.embed(["a"], within(1)))
    await turn()
    patient = asyncio.create_task(cache.embed(["a"], within(5)))
    assert list(await patient) == [inner.vector("a")]
    with pytest.raises(Failure):
        await hasty
    assert len(inner.calls) == 2
