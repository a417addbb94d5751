"""Two processes and their Redis: what each sees of the other's runs, and what is left when one is gone.

Each log here stands for one process: it has memory of its own, and a connection of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from groundwire_server.adapters.run_log.redis import peers, reader, writer
from groundwire_server.adapters.run_log.redis.records import FORMAT
from groundwire_server.app.parts.run_log import CODEC
from groundwire_server.domain.event import Event, NumberedEvent, TextDelta
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import RunKey, RunOrigin
from groundwire_server.domain.vocabulary import Assurance, Reason
from tests.doubles.run_logs import RedisLogging, redis_log
from tests.redis_server import needs_redis, redis_server

pytestmark = [needs_redis, pytest.mark.process]

KEY = RunKey("acme", "alice@example.com", "request-1")
REQUEST = RunOrigin(b"request")
SECRET = "The safe is behind the picture."


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="redis-") as folder:
        yield Path(folder)


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    with redis_server(folder) as url:
        yield url


@pytest.fixture
async def ours(url: str) -> AsyncIterator[RedisLogging]:
    """The process that writes."""
    async with redis_log(url) as opened:
        yield opened


@pytest.fixture
async def other(url: str) -> AsyncIterator[RedisLogging]:
    """A process that follows."""
    async with redis_log(url) as opened:
        yield opened


def _event(sequence: int, text: str = "x") -> NumberedEvent:
    event: Event = TextDelta(text, Assurance.CHECKED)
    return NumberedEvent(sequence, 0, event)


async def _unreachable(reading: Awaitable[object]) -> Rejection:
    with pytest.raises(Rejection) as caught:
        await reading
    assert caught.value.reason is Reason.RUN_UNREACHABLE
    assert caught.value.retry_after is not None
    return caught.value


async def test_events_of_a_run_are_followed_in_another_process_as_they_happen(
    ours: RedisLogging, other: RedisLogging
) -> None:
    assert await ours.log.open(KEY, REQUEST) is None
    assert await other.log.open(KEY, RunOrigin(b"request", "joins")) == REQUEST
    events = await other.log.follow(KEY, 0)
    assert events is not None
    for sequence in (1, 2, 3):
        await ours.log.append(KEY, _event(sequence))
        assert await anext(events) == _event(sequence)
    await ours.log.close(KEY, 60.0)
    assert [each async for each in events] == []
    resumed = await other.log.follow(KEY, 2)
    assert resumed is not None
    assert [each.sequence async for each in resumed] == [3]
    assert await other.log.follow(KEY, 4) is None


async def test_what_a_run_failed_with_reaches_another_process_and_leaves_its_name_free(
    ours: RedisLogging, other: RedisLogging
) -> None:
    await ours.log.open(KEY, REQUEST)
    events = await other.log.follow(KEY, 0)
    assert events is not None
    await ours.log.close(KEY, 0.0, Rejection(Reason.QUOTA_EXCEEDED, metadata={"quota": "q"}, retry_after=1.5))
    with pytest.raises(Rejection) as caught:
        await anext(events)
    assert (caught.value.reason, caught.value.metadata, caught.value.retry_after) == (
        Reason.QUOTA_EXCEEDED,
        {"quota": "q"},
        1.5,
    )
    assert await other.log.open(KEY, RunOrigin(b"another")) is None


async def test_a_run_whose_process_is_gone_ends_for_its_followers_and_its_name_is_free(
    url: str, other: RedisLogging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_LOOK_SECONDS", 0.0)
    async with redis_log(url) as killed:
        await killed.log.open(KEY, REQUEST)
        await killed.log.append(KEY, _event(1))
        events = await other.log.follow(KEY, 0)
        assert events is not None
        assert await anext(events) == _event(1)
    # Nobody renews the lease now.
    await other.pass_time(writer.LEASE_SECONDS)
    await _unreachable(anext(events))
    assert await other.log.follow(KEY, 1) is None
    assert await other.log.open(KEY, RunOrigin(b"another")) is None


async def test_a_lease_that_is_renewed_does_not_lapse(ours: RedisLogging, other: RedisLogging) -> None:
    await ours.log.open(KEY, REQUEST)
    for _ in range(3):
        await other.pass_time(writer.LEASE_SECONDS - 1)
        await ours.log._writer.renew()
    assert await other.log.follow(KEY, 0) is not None


async def test_a_process_that_was_held_up_past_its_lease_writes_into_no_other_run(
    ours: RedisLogging, other: RedisLogging
) -> None:
    await ours.log.open(KEY, REQUEST)
    await other.pass_time(writer.LEASE_SECONDS)
    assert await other.log.open(KEY, REQUEST) is None
    await other.log.append(KEY, _event(1, "theirs"))
    await ours.log.append(KEY, _event(1, "ours"))
    await ours.log._writer.renew()
    await ours.log.close(KEY, 60.0)
    await other.log.close(KEY, 60.0)
    async with redis_log(ours.client.connection_pool.connection_kwargs["path"].join(("unix://", ""))) as third:
        events = await third.log.follow(KEY, 0)
        assert events is not None
        assert [each async for each in events] == [_event(1, "theirs")]


BREAK: dict[str, Callable[[Any], Awaitable[object]]] = {
    "empty": lambda client: client.flushall(),
    "read-only": lambda client: client.replicaof("127.0.0.1", "1"),
    "full": lambda client: client.config_set("maxmemory", "1"),
    "gone": lambda client: client.shutdown(nosave=True),
}


@pytest.mark.parametrize("broken", BREAK.values(), ids=BREAK)
async def test_an_answer_goes_on_for_its_own_callers_whatever_becomes_of_redis(
    broken: Callable[[Any], Awaitable[object]],
    ours: RedisLogging,
    other: RedisLogging,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "_LOOK_SECONDS", 0.0)
    await ours.log.open(KEY, REQUEST)
    await ours.log.append(KEY, _event(1))
    here, elsewhere = await ours.log.follow(KEY, 0), await other.log.follow(KEY, 0)
    assert here is not None
    assert elsewhere is not None
    assert (await anext(here), await anext(elsewhere)) == (_event(1), _event(1))

    await broken(ours.client)
    for sequence in (2, 3):
        await ours.log.append(KEY, _event(sequence))
    await ours.log.close(KEY, 60.0)

    assert [each.sequence async for each in here] == [2, 3]
    again = await ours.log.follow(KEY, 0)
    assert again is not None
    assert [each.sequence async for each in again] == [1, 2, 3]
    if broken is not BREAK["gone"]:
        # The lease lapses, for nobody renews it; a replica of nothing lets no key lapse by command.
        await ours.client.replicaof("NO", "ONE")
        await ours.pass_time(writer.LEASE_SECONDS)
    await _unreachable(anext(elsewhere))


async def test_without_redis_a_run_begins_all_the_same_and_nothing_can_be_resumed(
    folder: Path,
) -> None:
    with redis_server(folder) as url:
        async with redis_log(url) as opened:
            await opened.client.shutdown(nosave=True)
            assert await opened.log.open(KEY, REQUEST) is None
            await opened.log.append(KEY, _event(1))
            await opened.log.close(KEY, 60.0)
            events = await opened.log.follow(KEY, 0)
            assert events is not None
            assert [each.sequence async for each in events] == [1]
            await _unreachable(opened.log.follow(RunKey("acme", "alice", "request-2"), 1))
            await _unreachable(opened.log.cancel_elsewhere(KEY))


async def test_a_key_of_the_wrong_kind_costs_the_sharing_and_no_answer(ours: RedisLogging, other: RedisLogging) -> None:
    await ours.client.set(ours.log._writer.names(KEY).run, "a text")
    assert await ours.log.open(KEY, REQUEST) is None
    await ours.log.append(KEY, _event(1))
    await ours.log.close(KEY, 0.0)
    await _unreachable(other.log.follow(KEY, 0))


async def test_records_of_another_version_are_another_services(ours: RedisLogging, other: RedisLogging) -> None:
    assert f":{FORMAT}:" in ours.log._writer.names(KEY).run
    await ours.log.open(KEY, REQUEST)
    events = await other.log.follow(KEY, 0)
    assert events is not None
    ours.log._writer._encode = lambda event: b"\xff"
    await ours.log.append(KEY, _event(1))
    await _unreachable(anext(events))


async def test_keys_hold_nothing_private_and_texts_are_gone_with_the_run(ours: RedisLogging) -> None:
    await ours.log.open(KEY, REQUEST)
    await ours.log.append(KEY, _event(1, SECRET))
    await ours.log.close(KEY, 60.0)
    keys = await ours.client.keys("*")
    assert keys
    for private in (KEY.tenant, KEY.subject, KEY.request_id):
        assert not [key for key in keys if private.encode() in key]
    lifetimes = [await ours.client.pttl(key) for key in keys]
    assert all(0 < each <= 60_000 for each in lifetimes)
    await ours.pass_time(60.0)
    assert await ours.client.keys("*") == []


async def test_of_a_tenant_that_is_forgotten_no_key_is_left_whatever_process_wrote_it(
    ours: RedisLogging, other: RedisLogging
) -> None:
    theirs = RunKey("globex", KEY.subject, KEY.request_id)
    for log, key in ((ours.log, KEY), (other.log, RunKey("acme", "bob", "request-2")), (ours.log, theirs)):
        await log.open(key, REQUEST)
        await log.append(key, _event(1, SECRET))
        await log.close(key, 60.0)
    goes_on = RunKey("acme", "bob", "request-3")
    await other.log.open(goes_on, REQUEST)
    await other.log.append(goes_on, _event(1, SECRET))
    await other.log.open(RunKey("acme", "bob", "request-4"), REQUEST)
    kept = await ours.client.keys("*")

    forgotten = await ours.log.forget(KEY.tenant)
    left = await ours.client.keys("*")

    assert (forgotten.count, forgotten.complete) == (4, True)
    assert len(kept) == 2 * 5
    assert len(left) == 2
    assert await other.log.follow(theirs, 0) is not None
    # What goes on elsewhere is written to Redis no more.
    await other.log.append(goes_on, _event(2, SECRET))
    await other.log.close(goes_on, 60.0)
    assert {key for key in await ours.client.keys("*") if not key.endswith(b":followed")} == {*left}


async def test_without_redis_a_tenant_is_not_forgotten_and_that_is_said(ours: RedisLogging) -> None:
    await ours.log.open(KEY, REQUEST)
    await ours.log.append(KEY, _event(1, SECRET))
    await ours.log.close(KEY, 60.0)
    await ours.client.shutdown(nosave=True)

    assert not (await ours.log.forget(KEY.tenant)).complete


async def test_a_run_that_is_not_followed_any_more_leaves_no_key_without_an_end(
    ours: RedisLogging, other: RedisLogging
) -> None:
    await ours.log.open(KEY, REQUEST)
    events = await other.log.follow(KEY, 0, window=20.0)
    assert events is not None
    await ours.log.append(KEY, _event(1))
    await anext(events)
    await events.aclose()
    assert await ours.log.followed_elsewhere(KEY)
    await ours.pass_time(20.0)
    assert await ours.client.keys("*") == []


async def test_a_hundred_followers_elsewhere_read_a_run_once(ours: RedisLogging, other: RedisLogging) -> None:
    await ours.log.open(KEY, REQUEST)
    followers = [await other.log.follow(KEY, 0) for _ in range(100)]
    reads = [asyncio.create_task(anext(each)) for each in followers if each is not None]
    await asyncio.sleep(0)
    assert len(other.log._reader._mirrors) == 1
    await ours.log.append(KEY, _event(1))
    assert await asyncio.gather(*reads) == [_event(1)] * 100
    assert (await other.client.info("clients"))["connected_clients"] < 20
    for each in followers:
        assert each is not None
        await each.aclose()
    assert not other.log._reader._mirrors
    assert not await ours.log.followed_elsewhere(KEY)


async def test_one_that_follows_elsewhere_is_seen_by_the_process_that_writes(
    ours: RedisLogging, other: RedisLogging
) -> None:
    await ours.log.open(KEY, REQUEST)
    assert not await ours.log.followed_elsewhere(KEY)
    events = await other.log.follow(KEY, 0)
    assert events is not None
    assert await ours.log.followed_elsewhere(KEY)


async def test_a_run_that_is_too_long_is_not_kept_for_other_processes(
    ours: RedisLogging, other: RedisLogging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(writer, "MOST_BYTES", 1000)
    await ours.log.open(KEY, REQUEST)
    elsewhere = await other.log.follow(KEY, 0)
    assert elsewhere is not None
    for sequence in range(1, 11):
        await ours.log.append(KEY, _event(sequence, "x" * 300))
    await ours.log.close(KEY, 60.0)
    here = await ours.log.follow(KEY, 0)
    assert here is not None
    assert len([each async for each in here]) == 10
    assert [(await anext(elsewhere)).sequence for _ in range(3)] == [1, 2, 3]
    await ours.pass_time(writer.LEASE_SECONDS)
    await _unreachable(anext(elsewhere))


async def test_nothing_that_is_answered_waits_for_redis(ours: RedisLogging) -> None:
    """An event is there for its own callers before Redis has been spoken to."""
    await ours.log.open(KEY, REQUEST)
    here = await ours.log.follow(KEY, 0)
    assert here is not None
    sent: list[NumberedEvent] = []

    def encode(event: NumberedEvent) -> bytes:
        sent.append(event)
        return CODEC.encode(event)

    ours.log._writer._encode = encode
    adding = ours.log.append(KEY, _event(1))
    with pytest.raises(StopIteration):
        # It ends without having waited for anything.
        adding.send(None)
    assert await anext(here) == _event(1)
    assert sent == [_event(1)]


@pytest.mark.parametrize("said", [b"hello", b"\xff", b"[]", b"7", b"null", b'{"number": 1}'])
async def test_what_other_programs_publish_keeps_no_run_from_being_cancelled(said: bytes, url: str) -> None:
    async def cancel(fits: Callable[[RunKey], bool]) -> bool:
        return fits(KEY)

    async with redis_log(url, cancel), redis_log(url) as other:
        await other.client.publish(f"test:{FORMAT}:peers", said)
        assert await other.log.cancel_elsewhere(KEY)


@pytest.mark.parametrize("done", [True, False])
async def test_a_tenant_is_forgotten_in_the_memory_of_every_process(
    url: str, ours: RedisLogging, other: RedisLogging, done: bool
) -> None:
    heard: list[str] = []

    async def forget(tenant: str) -> bool:
        heard.append(tenant)
        return done

    await other.log.open(KEY, REQUEST)
    await other.log.append(KEY, _event(1, SECRET))
    await other.log.close(KEY, 60.0)
    async with redis_log(url, forget=forget):
        forgotten = await ours.log.forget(KEY.tenant)

    assert heard == [KEY.tenant]
    assert forgotten.complete is done
    assert await other.log.follow(KEY, 0) is None


async def test_a_process_that_does_not_answer_is_not_taken_to_have_forgotten(
    url: str, ours: RedisLogging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "ANSWER_SECONDS", 0.05)

    async def forget(tenant: str) -> bool:
        await asyncio.Event().wait()
        return True

    async with redis_log(url, forget=forget):
        assert not (await ours.log.forget(KEY.tenant)).complete
