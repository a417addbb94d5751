"""Every adapter of Recordings gives out what it was given, to the tenant alone whose it is, as long as it is kept."""

from dataclasses import replace
from datetime import timedelta

from groundwire_server.ports.call_recordings import RecordingEntry, Recordings
from tests.contract.operations.queued import SteppingClock
from tests.contract.recordings.recorded import ASKED, CONTENT, entry, key


async def ids(recordings: Recordings, tenant: str = "acme", **asked: str) -> list[int]:
    found = await recordings.page(tenant, asked.get("route", ""), asked.get("request_id", ""), None, 100)
    return [int(each.key.recording_id, 16) for each in found]


async def test_a_recording_is_given_out_as_it_was_kept(recordings: Recordings) -> None:
    await recordings.keep(entry(documents=frozenset({"hours.md"}), end_user="carla"), CONTENT)
    assert await recordings.read(key(), "olga") == (entry(), CONTENT)
    assert await recordings.page("acme", "", "", None, 10) == [entry()]


async def test_what_a_call_has_not_is_empty(recordings: Recordings) -> None:
    bare = entry(subject="", prompt="", model="", experiment_arm="", redacted=False)
    await recordings.keep(bare, b"")
    assert await recordings.read(key(), "olga") == (bare, b"")


async def test_there_is_nothing_under_another_name(recordings: Recordings) -> None:
    assert await recordings.read(key(), "olga") is None
    assert await recordings.delete(key(), "olga") is False
    assert await recordings.page("acme", "", "", None, 10) == []


async def test_no_tenant_meets_the_recordings_of_another(recordings: Recordings) -> None:
    await recordings.keep(entry(), CONTENT)
    assert await recordings.read(key(tenant="globex"), "eve") is None
    assert await recordings.delete(key(tenant="globex"), "eve") is False
    assert await ids(recordings, "globex") == []
    assert await ids(recordings) == [1]


async def test_lists_are_newest_first_in_pages(recordings: Recordings) -> None:
    for number in range(7):
        await recordings.keep(entry(number, created=ASKED + timedelta(seconds=number // 2)), CONTENT)
    read: list[RecordingEntry] = []
    after = None
    while page := await recordings.page("acme", "", "", after, 3):
        read += page
        after = page[-1].created, page[-1].key.recording_id
    assert [int(each.key.recording_id, 16) for each in read] == [6, 5, 4, 3, 2, 1, 0]


async def test_lists_are_narrowed_by_route_and_request(recordings: Recordings) -> None:
    await recordings.keep(entry(1), CONTENT)
    await recordings.keep(entry(2, route="other"), CONTENT)
    await recordings.keep(entry(3, request_id="request-1"), CONTENT)
    assert await ids(recordings, route="default") == [3, 1]
    assert await ids(recordings, request_id="request-1") == [3, 1]
    assert await ids(recordings, route="other", request_id="request-1") == []


async def test_a_recording_is_forgotten_when_it_is_deleted(recordings: Recordings) -> None:
    await recordings.keep(entry(1), CONTENT)
    await recordings.keep(entry(2), CONTENT)
    assert await recordings.delete(key(1), "olga") is True
    assert await recordings.delete(key(1), "olga") is False
    assert await ids(recordings) == [2]


async def test_a_recording_is_forgotten_when_its_time_is_over(recordings: Recordings, clock: SteppingClock) -> None:
    await recordings.keep(replace(entry(1), expires=clock.today() + timedelta(seconds=10)), CONTENT)
    await recordings.keep(replace(entry(2), expires=clock.today() + timedelta(seconds=20)), CONTENT)
    assert await recordings.sweep() == 0
    clock.step(10)
    assert await recordings.sweep() == 1
    assert await ids(recordings) == [2]
