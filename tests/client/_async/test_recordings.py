"""Recordings, against a server on a port."""

from collections.abc import Iterator

import pytest

import groundwire
from tests.doubles.recorded_service import RecordedService, recorded, serving_recorded


@pytest.fixture
def service() -> RecordedService:
    return RecordedService()


@pytest.fixture
def address(service: RecordedService) -> Iterator[str]:
    with serving_recorded(service) as address:
        yield address


async def test_recordings_are_listed_page_by_page(client: groundwire.Client, service: RecordedService) -> None:
    service.kept = [(recorded(number), b"") for number in range(5)]
    assert [each.request_id async for each in client.recordings(page_size=2)] == [f"request-{n}" for n in range(5)]
    assert [each.name async for each in client.recordings(request_id="request-3")] == [f"recordings/{3:032x}"]
    assert [each async for each in client.recordings(route="other")] == []


async def test_a_recording_is_read_and_deleted(client: groundwire.Client, service: RecordedService) -> None:
    service.kept = [(recorded(1), b"content")]
    name = f"recordings/{1:032x}"
    assert (await client.get_recording(name)).content == b"content"
    await client.delete_recording(name)
    with pytest.raises(groundwire.Error) as failed:
        await client.get_recording(name)
    assert failed.value.reason == "RECORDING_NOT_FOUND"
