"""Recordings over gRPC: listed, read and deleted by operators of their tenant, and erased with the records."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from groundwire.v1 import recording_service_pb2 as recordings
from groundwire.v1.audit_service_pb2 import ListAuditEntriesRequest
from groundwire.v1.audit_service_pb2_grpc import AuditServiceStub
from groundwire.v1.erasure_pb2 import ErasedPlaceKind, ErasureTarget
from groundwire.v1.record_service_pb2 import EraseRecordsRequest
from groundwire.v1.record_service_pb2_grpc import RecordServiceStub
from groundwire.v1.recording_service_pb2_grpc import RecordingServiceStub
from groundwire_server.adapters.records.opening import opened_records
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.app.replay import replay
from groundwire_server.cli.replay.reading import recorded_in
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.erasure import EntireTenant, Erasure
from groundwire_server.ports.call_recordings import Recordings
from tests.contract.recordings.recorded import CONTENT, entry, key
from tests.e2e.calls import ACME, SECONDS, info
from tests.e2e.conftest import Serve
from tests.e2e.experiments.splitting import QUESTION, ROUTE, configured, splitting

UMBRELLA = (("groundwire-tenant", "umbrella"), ("groundwire-subject", "alice"), ("groundwire-principals", "staff"))
NAME = f"recordings/{key(1).recording_id}"


class Kept:
    """A server that has recordings."""

    def __init__(self, records: Recordings, channel: grpc.aio.Channel) -> None:
        self.records = records
        self.service: Any = RecordingServiceStub(channel)
        self.channel = channel

    async def listed(self, by: tuple[tuple[str, str], ...] = ACME, **asked: Any) -> recordings.ListRecordingsResponse:
        request = recordings.ListRecordingsRequest(**asked)
        response: recordings.ListRecordingsResponse = await self.service.ListRecordings(
            request, metadata=by, timeout=SECONDS
        )
        return response

    async def got(self, by: tuple[tuple[str, str], ...] = ACME) -> recordings.GetRecordingResponse:
        request = recordings.GetRecordingRequest(name=NAME)
        response: recordings.GetRecordingResponse = await self.service.GetRecording(
            request, metadata=by, timeout=SECONDS
        )
        return response

    async def delete(self, by: tuple[tuple[str, str], ...] = ACME) -> None:
        await self.service.DeleteRecording(recordings.DeleteRecordingRequest(name=NAME), metadata=by, timeout=SECONDS)


@pytest.fixture
async def kept(serve: Serve, tmp_path: Path) -> AsyncIterator[Kept]:
    options = RecordsOptions.model_validate({"url": f"sqlite:///{tmp_path}/recordings.sqlite3"})
    async with opened_records(options) as records, serve(records=records) as product:
        made = product.current.snapshot.recordings
        assert made is not None
        for number in range(1, 4):
            await made.keep(entry(number, subject="alice"), CONTENT)
        yield Kept(made, product.channel)


async def test_a_recording_is_shown_with_its_contents(kept: Kept) -> None:
    found = await kept.got()
    assert found.content == CONTENT
    shown = found.recording
    assert (shown.name, shown.request_id, shown.route, shown.result) == (NAME, "request-1", "default", "answered")
    assert (shown.cause, shown.prompt, shown.model) == ("ANSWER_VALIDATED", "answer/1.2.0", "small")
    assert (shown.experiment_arm, shown.redacted) == ("tone:candidate", True)
    assert (shown.expire_time.seconds - shown.create_time.seconds) == 30 * 86_400


async def test_lists_are_read_in_pages(kept: Kept) -> None:
    first = await kept.listed(page_size=2)
    rest = await kept.listed(page_size=2, page_token=first.next_page_token)
    assert [each.request_id for each in (*first.recordings, *rest.recordings)] == [
        "request-3",
        "request-2",
        "request-1",
    ]
    assert rest.next_page_token == ""
    assert [each.request_id for each in (await kept.listed(request_id="request-2")).recordings] == ["request-2"]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await kept.listed(page_size=2, page_token=first.next_page_token, route="default")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_another_tenant_sees_nothing_of_it(kept: Kept) -> None:
    assert list((await kept.listed(UMBRELLA)).recordings) == []
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await kept.got(UMBRELLA)
    assert info(refused.value).reason == "RECORDING_NOT_FOUND"
    await kept.delete(UMBRELLA)
    assert len((await kept.listed()).recordings) == 3


async def test_a_deleted_recording_is_gone_and_the_trail_says_who(kept: Kept) -> None:
    await kept.got()
    await kept.delete()
    await kept.delete()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await kept.got()
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    audit: Any = AuditServiceStub(kept.channel)
    trail = await audit.ListAuditEntries(ListAuditEntriesRequest(target=NAME), metadata=ACME, timeout=SECONDS)
    assert [(each.event, each.actor) for each in trail.entries] == [
        ("recording.read", "alice"),
        ("recording.deleted", "alice"),
    ]


async def test_an_erasure_of_records_takes_recordings(kept: Kept) -> None:
    await kept.records.keep(replace(entry(4), subject="bob"), CONTENT)
    service: Any = RecordServiceStub(kept.channel)
    request = EraseRecordsRequest(target=ErasureTarget(subject="alice"))
    response = await service.EraseRecords(request, metadata=ACME, timeout=SECONDS)
    counts = {place.kind: place.count for place in response.receipt.places}
    assert counts[ErasedPlaceKind.ERASED_PLACE_KIND_RECORDINGS] == 3
    assert [each.request_id for each in (await kept.listed()).recordings] == ["request-4"]


RECORDED = f"{ROUTE}, recording: {{tenants: [acme], share: 1, mask: []}}"


async def test_an_erasure_reaches_the_recording_of_a_call_that_has_just_ended(tmp_path: Path) -> None:
    async with splitting(tmp_path, configured(tmp_path, RECORDED)) as place:
        opened = place.server.process.recordings
        assert opened is not None
        await place.answer("visitor-1")
        assert "pending=1" in repr(opened.writer)
        receipt = await place.client.erase_records(ErasureTarget(subject="ops"))
        (erased,) = (each for each in receipt.places if each.kind == ErasedPlaceKind.ERASED_PLACE_KIND_RECORDINGS)
        assert (erased.count, erased.complete) == (1, True)
        await opened.writer.settle()
        assert [each async for each in place.client.recordings()] == []


async def test_a_process_that_is_asked_to_forget_by_another_waits_for_what_it_records(tmp_path: Path) -> None:
    async with splitting(tmp_path, configured(tmp_path, RECORDED)) as place:
        process = place.server.process
        assert process.recordings is not None
        await place.answer("visitor-1")
        assert "pending=1" in repr(process.recordings.writer)
        # As `open_runs` has a process do it that another asks over Redis; that one erases the database then.
        places = await process.texts.erase(Erasure("acme", EntireTenant()), NEVER)
        assert all(each.complete for each in places)
        assert "pending=0" in repr(process.recordings.writer)
        assert len([each async for each in place.client.recordings()]) == 1


async def test_a_stream_that_its_caller_leaves_is_recorded_whole_or_not_at_all(tmp_path: Path) -> None:
    async with splitting(tmp_path, configured(tmp_path, RECORDED)) as place:
        opened = place.server.process.recordings
        assert opened is not None
        for events in (1, 2, 3):
            async with place.client.stream(QUESTION) as stream:
                reading = aiter(stream)
                for _ in range(events):
                    await anext(reading, None)
        await place.answer()
        await opened.writer.settle()
        names = [each.name async for each in place.client.recordings()]
        assert names
        for name in names:
            content = (await place.client.get_recording(name)).content.decode()
            (call,) = recorded_in(Path(name), content)
            assert call.exchange is not None
            assert (await replay(call.exchange)).exact
