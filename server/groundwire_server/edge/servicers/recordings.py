"""RecordingService."""

from typing import Any, Final

import grpc.aio

from groundwire.v1 import recording_service_pb2
from groundwire.v1.recording_service_pb2_grpc import RecordingServiceServicer
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.recording import recording_to_pb
from groundwire_server.edge.convert.times import read_place
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.call_recordings import RecordingKey

_PREFIX: Final = "recordings/"


class RecordedCalls(RecordingServiceServicer):
    """Shows the calls that were recorded for the caller's tenant."""

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def ListRecordings(
        self, request: recording_service_pb2.ListRecordingsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> recording_service_pb2.ListRecordingsResponse:
        """Return a page of recordings, the newest first."""
        records, tenant = self._current.snapshot.recorded_calls, current_call().caller.tenant
        tokens = PageTokens("recordings", tenant, request.route, request.request_id)
        after, size = tokens.read(request.page_token, read_place), page_size(request.page_size)
        found = await records.page(tenant, request.route, request.request_id, after, size + 1)
        page, following = tokens.cut(found, size, lambda each: [each.created.isoformat(), each.key.recording_id])
        return recording_service_pb2.ListRecordingsResponse(
            recordings=map(recording_to_pb, page), next_page_token=following
        )

    async def GetRecording(
        self, request: recording_service_pb2.GetRecordingRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> recording_service_pb2.GetRecordingResponse:
        """Return one recording with its contents.

        Raises:
            Rejection: RECORDING_NOT_FOUND; ERASED where its key is gone.
        """
        caller, recording_id = current_call().caller, request.name.removeprefix(_PREFIX)
        records = self._current.snapshot.recorded_calls
        found = await records.read(RecordingKey(caller.tenant, recording_id), caller.subject)
        if found is None:
            raise Rejection(Reason.RECORDING_NOT_FOUND, metadata={"recording": recording_id})
        entry, content = found
        return recording_service_pb2.GetRecordingResponse(recording=recording_to_pb(entry), content=content)

    async def DeleteRecording(
        self, request: recording_service_pb2.DeleteRecordingRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> recording_service_pb2.DeleteRecordingResponse:
        """Forget one recording, if it is there."""
        caller = current_call().caller
        key = RecordingKey(caller.tenant, request.name.removeprefix(_PREFIX))
        await self._current.snapshot.recorded_calls.delete(key, caller.subject)
        return recording_service_pb2.DeleteRecordingResponse()
