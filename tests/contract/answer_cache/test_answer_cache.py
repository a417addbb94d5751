"""What every AnswerCache does."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from groundwire_server.adapters.answer_cache.options import MEGABYTE
from groundwire_server.domain.cached_answer import AnswerKey, Invalidation, OneRoute
from groundwire_server.domain.erasure import (
    EntireTenant,
    Forgotten,
    OneDocument,
    OneEndUser,
    OneSource,
    OneSubject,
    end_user_hash,
)
from groundwire_server.telemetry import metrics
from tests.contract.answer_cache.conftest import Cache, Opener
from tests.doubles.cached_answers import cached, key, passage

HOUR = 3600.0


async def names(opened: Cache, *keys: AnswerKey) -> list[str]:
    """The digests of those keys that have an answer, as text; looking counts as use."""
    return [each.digest.decode() for each in keys if await opened.cache.get(each) is not None]


async def test_an_answer_comes_back_as_it_was(open_cache: Opener) -> None:
    async with open_cache() as opened:
        assert await opened.cache.get(key()) is None
        kept = cached('Le café\x00 est 🙂 "là".', passage(), passage("other", text="Ünïcode\n\t"))
        await opened.cache.put(key(), kept)
        found = await opened.cache.get(key())
        assert found == kept
        assert found is not None
        # One passage stays one, whatever cites it.
        assert found.answer.citations[0].passage is found.evidence[0]
        metadata = found.evidence[0].metadata
        assert [type(value) for value in metadata.values()] == [str, float, bool, tuple]


async def test_a_newer_answer_takes_the_place_of_the_one_before(open_cache: Opener) -> None:
    async with open_cache(entries=2, tenant_share=1) as opened:
        await opened.cache.put(key("other"), cached())
        for text in ("One.", "Two.", "Three."):
            await opened.cache.put(key(), cached(text))
        found = await opened.cache.get(key())
        assert found == cached("Three.")
        assert await names(opened, key("other")) == ["other"]
        assert opened.counts.of(metrics.CACHED_ANSWERS_EVICTED) == 0
        assert opened.counts.reading(metrics.CACHED_ANSWERS) == {(): 2}


async def test_an_answer_that_is_too_old_is_gone(open_cache: Opener) -> None:
    async with open_cache(max_age_seconds=HOUR) as opened:
        await opened.cache.put(key("old"), cached())
        await opened.pass_time(HOUR / 2)
        await opened.cache.put(key("new"), cached())
        assert await names(opened, key("old"), key("new")) == ["old", "new"]
        await opened.pass_time(HOUR / 2)
        # That it was used does not make it younger.
        assert await names(opened, key("old"), key("new")) == ["new"]


async def test_the_least_recently_used_make_room(open_cache: Opener) -> None:
    async with open_cache(entries=3, tenant_share=1) as opened:
        for name in "abc":
            await opened.cache.put(key(name), cached())
        assert await names(opened, key("a")) == ["a"]
        await opened.cache.put(key("d"), cached())
        assert await names(opened, *map(key, "abcd")) == ["a", "c", "d"]
        assert opened.counts.series(metrics.CACHED_ANSWERS_EVICTED) == {("tenant",): 1, ("cache",): 0}


async def test_a_tenant_at_its_share_makes_room_for_itself_alone(open_cache: Opener) -> None:
    async with open_cache(entries=6, tenant_share=0.5) as opened:
        others = [key(name, tenant="globex") for name in "xyz"]
        for each in others:
            await opened.cache.put(each, cached())
        for name in "abcdefgh":
            await opened.cache.put(key(name), cached())
        assert await names(opened, *map(key, "abcdefgh"), *others) == ["f", "g", "h", "x", "y", "z"]
        assert opened.counts.series(metrics.CACHED_ANSWERS_EVICTED) == {("tenant",): 5, ("cache",): 0}


async def test_of_several_tenants_the_least_recently_used_make_room(open_cache: Opener) -> None:
    async with open_cache(entries=4, tenant_share=0.5) as opened:
        tenants = [key(name, tenant=tenant) for tenant in ("one", "two", "three") for name in "ab"]
        for each in tenants:
            await opened.cache.put(each, cached())
        assert [each.tenant for each in tenants if await opened.cache.get(each)] == ["two", "two", "three", "three"]
        assert opened.counts.series(metrics.CACHED_ANSWERS_EVICTED) == {("tenant",): 0, ("cache",): 2}


async def test_large_answers_make_room_by_their_size(open_cache: Opener) -> None:
    async with open_cache(megabytes=4, tenant_share=0.5) as opened:
        large = [passage(text="x" * (700 * 1024))]
        for name in "abc":
            await opened.cache.put(key(name), cached("Yes.", *large))
        assert await names(opened, *map(key, "abc")) == ["b", "c"]
        for tenant in ("two", "three"):
            for name in "ab":
                await opened.cache.put(key(name, tenant=tenant), cached("Yes.", *large))
        (size,) = opened.counts.reading(metrics.CACHED_ANSWERS_SIZE).values()
        assert 3 * MEGABYTE < size <= 4 * MEGABYTE
        assert opened.counts.reading(metrics.CACHED_ANSWERS) == {(): 5}


@pytest.mark.parametrize(
    "huge", [cached("x" * MEGABYTE), cached("Yes.", *(passage(f"d{n}", text="y" * 100_000) for n in range(12)))]
)
async def test_a_huge_answer_is_not_kept_and_pushes_no_other_out(open_cache: Opener, huge: Any) -> None:
    async with open_cache(megabytes=2) as opened:
        await opened.cache.put(key("small"), cached())
        await opened.cache.put(key("grown"), cached())
        await opened.cache.put(key("grown"), huge)
        assert await names(opened, key("small"), key("grown")) == ["small"]


async def test_tenants_and_routes_never_meet_even_with_one_digest(open_cache: Opener) -> None:
    async with open_cache() as opened:
        keys = [key(tenant=tenant, route=route) for tenant in ("acme", "globex", "acm") for route in ("a", "ea")]
        for number, each in enumerate(keys):
            await opened.cache.put(each, cached(f"Answer {number}."))
        found = [await opened.cache.get(each) for each in keys]
        assert [each and each.answer.text for each in found] == [f"Answer {number}." for number in range(6)]
        assert await opened.cache.get(key(tenant="acmee", route="a")) is None


FORGOTTEN: Sequence[tuple[Invalidation, str]] = [
    (OneDocument("post"), "cites shows"),
    (OneDocument("po"), ""),
    (OneSource("https://intranet.example/post"), "cites shows"),
    (OneSource("https://intranet.example/p", prefix=True), "cites shows plan"),
    (OneSource("https://intranet.example/p"), ""),
    (OneSubject("bob"), "plan"),
    (OneSubject(""), ""),
    (OneEndUser("user-1"), "user"),
    (OneEndUser("user-2"), ""),
    (OneRoute("support"), "support"),
    (OneRoute("default"), "cites shows plan user"),
    (EntireTenant(), "cites shows plan user support"),
]


@pytest.mark.parametrize(("selection", "forgotten"), FORGOTTEN)
async def test_those_that_are_selected_are_forgotten(
    open_cache: Opener, selection: Invalidation, forgotten: str
) -> None:
    async with open_cache() as opened:
        answers = {
            key("cites"): cached("Yes.", passage("post"), passage("menu")),
            key("shows"): cached("Yes.", passage("menu"), passage("post")),
            key("plan"): cached("Yes.", passage("plan"), subject="bob"),
            key("user"): cached("Yes.", passage("menu"), end_user=end_user_hash("acme", "user-1")),
            key("support", route="support"): cached("Yes.", passage("menu")),
        }
        # Another tenant's are others, whatever they are called.
        foreign = [key(each.digest.decode(), tenant="globex", route=each.route) for each in answers]
        for each, answer in answers.items():
            await opened.cache.put(each, answer)
        for each, answer in zip(foreign, answers.values(), strict=True):
            await opened.cache.put(each, answer)
        gone = forgotten.split()
        assert await opened.cache.forget("acme", selection) == Forgotten(len(gone))
        assert await names(opened, *answers) == [
            each.digest.decode() for each in answers if each.digest.decode() not in gone
        ]
        assert len(await names(opened, *foreign)) == 5
        assert await opened.cache.forget("acme", selection) == Forgotten(0)
        assert await opened.cache.forget("unheard", selection) == Forgotten(0)


async def test_an_answer_that_was_begun_before_answers_were_forgotten_is_not_kept(open_cache: Opener) -> None:
    async with open_cache() as opened:
        began, later = opened.now(), opened.now() + 10.0
        await opened.cache.put(key("before"), cached("Yes.", passage("menu")), began)
        assert await opened.cache.forget("acme", OneDocument("post")) == Forgotten(0)
        await opened.cache.put(key("begun"), cached("Yes.", passage("post")), began)
        await opened.cache.put(key("before"), cached("No.", passage("post")), began)
        await opened.cache.put(key("later"), cached(), later)
        await opened.cache.put(key("foreign", tenant="globex"), cached(), began)
        assert await names(opened, *map(key, ("before", "begun", "later"))) == ["before", "later"]
        assert await opened.cache.get(key("before")) == cached("Yes.", passage("menu"))
        assert await names(opened, key("foreign", tenant="globex")) == ["foreign"]


async def test_what_is_forgotten_leaves_its_room_to_others(open_cache: Opener) -> None:
    async with open_cache(entries=4, megabytes=4, tenant_share=1) as opened:
        large = passage(text="x" * (900 * 1024))
        for name in "abcd":
            await opened.cache.put(key(name), cached("Yes.", large))
        await opened.cache.forget("acme", EntireTenant())
        for name in "efgh":
            await opened.cache.put(key(name), cached("Yes.", large))
        assert await names(opened, *map(key, "abcdefgh")) == ["e", "f", "g", "h"]
        assert opened.counts.of(metrics.CACHED_ANSWERS_EVICTED) == 0


async def test_many_are_forgotten_at_once(open_cache: Opener) -> None:
    async with open_cache() as opened:
        for number in range(300):
            await opened.cache.put(key(f"k{number}"), cached("Yes.", passage(f"d{number % 3}")))
        assert await opened.cache.forget("acme", OneDocument("d1")) == Forgotten(100)
        assert await opened.cache.forget("acme", EntireTenant()) == Forgotten(200)


async def test_what_has_ended_leaves_its_room_to_others(open_cache: Opener) -> None:
    async with open_cache(entries=3, tenant_share=1, max_age_seconds=HOUR) as opened:
        for name in "ab":
            await opened.cache.put(key(name), cached())
        await opened.pass_time(HOUR)
        for name in "cd":
            await opened.cache.put(key(name), cached())
        assert await names(opened, *map(key, "abcd")) == ["c", "d"]
        assert opened.counts.of(metrics.CACHED_ANSWERS_EVICTED) == 0
        assert opened.counts.reading(metrics.CACHED_ANSWERS) == {(): 2}


async def test_calls_at_once_keep_to_the_bounds_and_mix_nothing(open_cache: Opener) -> None:
    async with open_cache(entries=20, tenant_share=0.5) as opened:

        async def use(tenant: str, number: int) -> None:
            each = key(f"k{number % 15}", tenant=tenant)
            await opened.cache.put(each, cached(f"{tenant} {number % 15}"))
            found = await opened.cache.get(each)
            assert found is None or found.answer.text == f"{tenant} {number % 15}"
            if number % 10 == 9:
                await opened.cache.forget(tenant, EntireTenant())

        await asyncio.gather(*(use(tenant, number) for number in range(60) for tenant in ("one", "two", "three")))
        for tenant in ("one", "two", "three"):
            kept = [number for number in range(15) if await opened.cache.get(key(f"k{number}", tenant=tenant))]
            assert len(kept) <= 10
        await opened.cache.put(key("last"), cached())
        assert opened.counts.reading(metrics.CACHED_ANSWERS)[()] <= 20
