"""The calls about recordings."""

from collections.abc import AsyncIterator

from groundwire._async.connection import Connection
from groundwire.v1.recording_service_pb2 import (
    DeleteRecordingRequest,
    GetRecordingRequest,
    GetRecordingResponse,
    ListRecordingsRequest,
    Recording,
)


class RecordingCalls:
    """Calls about answers that were recorded with all that came back for them: the role operator is needed.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def recordings(
        self, *, route: str = "", request_id: str = "", page_size: int = 100, timeout: float | None = None
    ) -> AsyncIterator[Recording]:
        """Yield the tenant's recordings without their contents, the newest first, fetching page after page.

        Args:
            route: yields those of one route; empty yields all.
            request_id: yields those of one request; empty yields all.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.
        """
        request = ListRecordingsRequest(route=route, request_id=request_id, page_size=page_size)
        async for page in self._connection.pages(self._connection.recordings.ListRecordings, request, timeout):
            for recording in page.recordings:
                yield recording

    async def get_recording(self, name: str, *, timeout: float | None = None) -> GetRecordingResponse:
        """Return a recording with its contents, a recording file; the audit trail notes it.

        Args:
            name: ``recordings/`` and its id.
            timeout: seconds that the call may take.
        """
        request = GetRecordingRequest(name=name)
        return await self._connection.call(self._connection.recordings.GetRecording, request, timeout)

    async def delete_recording(self, name: str, *, timeout: float | None = None) -> None:
        """Have the server forget a recording, if it is there.

        Args:
            name: ``recordings/`` and its id.
            timeout: seconds that the call may take.
        """
        request = DeleteRecordingRequest(name=name)
        await self._connection.call(self._connection.recordings.DeleteRecording, request, timeout)
