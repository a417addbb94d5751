"""What is Redis's alone of the answer cache: names, versions, a Redis that is away, full or shared with others."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from redis.asyncio import Redis

from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.adapters.answer_cache.redis import encoding
from groundwire_server.adapters.answer_cache.redis.cache import RedisAnswerCache
from groundwire_server.adapters.redis.connection import connected
from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.domain.erasure import EntireTenant, Forgotten, OneDocument
from groundwire_server.telemetry import metrics
from tests.doubles.cached_answers import cached, key, passage
from tests.doubles.clock import SetClock
from tests.doubles.counts import Counts
from tests.redis_server import needs_redis, redis_server

pytestmark = [pytest.mark.process, needs_redis]


@pytest.fixture
def folder() -> Iterator[Path]:
    # A socket's path is at most 108 bytes, so that a folder of pytest's may be too long.
    with TemporaryDirectory(prefix="groundwire-") as made:
        yield Path(made)


@pytest.fixture
async def client(folder: Path) -> AsyncIterator["Redis"]:
    with redis_server(folder) as url:
        async with connected(RedisOptions(url=url, timeout_seconds=10)) as opened:
            yield opened


def cache(client: "Redis", counts: Counts | None = None, clock: SetClock | None = None, **options: Any) -> Any:
    made = AnswerCacheOptions(**options)
    return RedisAnswerCache(client, "test", made, clock or SetClock(), counts or Counts())


async def keys(client: "Redis") -> set[str]:
    return {found.decode() async for found in client.scan_iter()}


async def test_every_key_has_one_hash_tag_and_ends_and_holds_no_name(client: "Redis") -> None:
    kept = cache(client, max_age_seconds=60)
    await kept.put(key("what-is-it", tenant="acme-corp", route="support"), cached())
    found = await keys(client)
    assert len(found) == 5
    for each in found:
        assert each.startswith("{test}:answers:1-")
        assert not any(name in each for name in ("acme", "support", "what-is-it"))
        assert 0 < await client.pttl(each) <= 60_000


async def test_nothing_of_a_tenant_that_is_forgotten_is_left(client: "Redis") -> None:
    kept = cache(client)
    await kept.put(key(tenant="other"), cached())
    sizes = next(name for name in await keys(client) if name.endswith(":sizes"))
    before = await keys(client), await client.hgetall(sizes)
    await kept.put(key("a"), cached())
    await kept.put(key("b"), cached())
    assert await kept.forget("acme", EntireTenant()) == Forgotten(2)
    (noted,) = await keys(client) - before[0]
    assert (await keys(client) - {noted}, await client.hgetall(sizes)) == before
    # That there was something to forget is known by a hash, for a day.
    assert "acme" not in noted
    assert 0 < await client.pttl(noted) <= 86_400_000


async def test_answers_of_another_version_are_no_answers_and_are_forgotten(
    client: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(encoding, "shape", lambda: "other")
        before = cache(client)
    await before.put(key("post"), cached())
    await before.put(key("menu"), cached("Yes.", passage("menu")))
    now = cache(client)
    assert await now.get(key("post")) is None
    assert await now.forget("acme", OneDocument("post")) == Forgotten(1)
    # What nobody can read may have to do with anything.
    (left,) = [name for name in await keys(client) if ":answer:" in name]
    await client.hset(left, "marks", b'["a", 7]')
    assert await now.forget("acme", OneDocument("post")) == Forgotten(1)
    assert await before.get(key("menu")) is None


@pytest.mark.parametrize("value", [b"", b"{}", b"\x80\x81", b'{"answer": {"text": 7}}'])
async def test_an_answer_that_cannot_be_read_is_no_answer(client: "Redis", value: bytes) -> None:
    counts = Counts()
    kept = cache(client, counts)
    await kept.put(key(), cached())
    (name,) = [name for name in await keys(client) if ":answer:" in name]
    await client.hset(name, "answer", value)
    assert await kept.get(key()) is None
    assert counts.series(metrics.ANSWER_CACHE_FAILURES) == {("unreadable",): 1}
    await kept.put(key(), cached("Yes."))
    assert await kept.get(key()) == cached("Yes.")


async def test_a_key_of_another_program_is_no_answer(client: "Redis") -> None:
    counts = Counts()
    kept = cache(client, counts)
    await kept.put(key(), cached())
    (name,) = [name for name in await keys(client) if ":answer:" in name]
    await client.set(name, "theirs")
    assert await kept.get(key()) is None
    assert counts.series(metrics.ANSWER_CACHE_FAILURES) == {("foreign",): 1}


async def test_a_redis_that_is_gone_has_nothing_says_so_once_and_serves_again(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    counts, clock = Counts(), SetClock()
    with redis_server(folder) as url:
        pass
    async with connected(RedisOptions(url=url, timeout_seconds=10)) as client:
        kept = cache(client, counts, clock)
        assert await kept.get(key()) is None
        for _ in range(3):
            await kept.put(key(), cached())
            assert await kept.get(key()) is None
        assert await kept.forget("acme", EntireTenant()) == Forgotten(0, complete=False)
        # It was asked once: for a second nothing is sent.
        assert counts.series(metrics.ANSWER_CACHE_FAILURES) == {("away",): 1}
        clock.move(1.0)
        assert await kept.get(key()) is None
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "see whether it runs" in caplog.records[0].__dict__["why"]
        with redis_server(folder):
            clock.move(1.0)
            await kept.put(key(), cached())
            assert await kept.get(key()) == cached()
            assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_redis_without_memory_keeps_nothing_more(folder: Path) -> None:
    counts = Counts()
    with redis_server(folder, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as url:
        async with connected(RedisOptions(url=url, timeout_seconds=10)) as client:
            kept = cache(client, counts)
            large = passage(text="x" * 500_000)
            for number in range(12):
                await kept.put(key(f"k{number}"), cached("Yes.", large))
            assert await kept.get(key("k0")) is not None
            assert await kept.get(key("k11")) is None
            assert counts.of(metrics.ANSWER_CACHE_FAILURES, "full") > 0


async def test_what_has_ended_by_itself_no_longer_counts(client: "Redis") -> None:
    counts = Counts()
    kept = cache(client, counts)
    await kept.put(key("a"), cached())
    (name,) = [found for found in await keys(client) if ":answer:" in found]
    (ends,) = [found for found in await keys(client) if found.endswith(":ends")]
    await kept.put(key("b"), cached())
    assert counts.reading(metrics.CACHED_ANSWERS) == {(): 2}
    (before,) = counts.reading(metrics.CACHED_ANSWERS_SIZE).values()
    # As when its time to live is over.
    await client.delete(name)
    await client.zadd(ends, {name.rpartition(":")[2]: 1.0})
    await kept.put(key("c"), cached())
    assert counts.reading(metrics.CACHED_ANSWERS) == {(): 2}
    assert counts.reading(metrics.CACHED_ANSWERS_SIZE) == {(): before}


@pytest.mark.parametrize("lost", ["used", "ends", "sizes", "used:"])
async def test_the_cache_goes_on_where_redis_has_evicted_what_stands_beside_the_answers(
    client: "Redis", lost: str
) -> None:
    kept = cache(client, entries=4, tenant_share=0.5)
    for name in "ab":
        await kept.put(key(name), cached())
    for name in await keys(client):
        if f":{lost}" in name and (lost.endswith(":") or name.endswith(lost)):
            await client.delete(name)
    for name in "cdefgh":
        await kept.put(key(name), cached())
    assert await kept.get(key("h")) == cached()
    assert (await kept.forget("acme", EntireTenant())).complete
    assert [name for name in "abcdefgh" if await kept.get(key(name)) is not None] == []
