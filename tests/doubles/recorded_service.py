"""A groundwire server that has recordings, by a script."""

# ruff: noqa: N802 - gRPC names methods like the contract does

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2

from groundwire.v1 import recording_service_pb2 as recordings
from groundwire.v1 import recording_service_pb2_grpc as recordings_grpc
from groundwire.v1.recording_service_pb2 import Recording
from tests.doubles.service import Failure, FakeService, serving

UNKNOWN = Failure(code_pb2.NOT_FOUND, "Your tenant has no such recording.", "RECORDING_NOT_FOUND")
ERASED = Failure(code_pb2.DATA_LOSS, "The question and its answer were erased.", "ERASED")


def recorded(number: int = 1, **fields: Any) -> Recording:
    """Return a recording without its contents."""
    made = Recording(
        name=f"recordings/{number:032x}",
        request_id=f"request-{number}",
        trace_id="ab" * 16,
        route="faq",
        result="answered",
        cause="ANSWER_VALIDATED",
        prompt="answer/1.2.0",
        model="small",
        create_time=Timestamp(seconds=1_795_651_200),
        expire_time=Timestamp(seconds=1_796_860_800),
    )
    made.MergeFrom(Recording(**fields))
    return made


class RecordedService(FakeService):
    """A server whose recordings are those that a test gives it.

    Attributes:
        kept: the recordings, the newest first, each with its contents.
        sealed: names of those that do not open.
        gone: names of those that are deleted once they were listed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[Recording, bytes]] = []
        self.sealed: set[str] = set()
        self.gone: set[str] = set()

    def ListRecordings(
        self, request: recordings.ListRecordingsRequest, context: Any
    ) -> recordings.ListRecordingsResponse:
        self._remember("ListRecordings", request, context)
        found = [
            each
            for each, _ in self.kept
            if request.route in ("", each.route) and request.request_id in ("", each.request_id)
        ]
        begin = int(request.page_token or 0)
        end = begin + request.page_size
        token = str(end) if end < len(found) else ""
        return recordings.ListRecordingsResponse(recordings=found[begin:end], next_page_token=token)

    def GetRecording(self, request: recordings.GetRecordingRequest, context: Any) -> recordings.GetRecordingResponse:
        self._remember("GetRecording", request, context)
        if request.name in self.sealed:
            self._fail(ERASED, context)
        found = next(((each, content) for each, content in self.kept if each.name == request.name), None)
        if found is None or request.name in self.gone:
            self._fail(UNKNOWN, context)
        return recordings.GetRecordingResponse(recording=found[0], content=found[1])

    def DeleteRecording(
        self, request: recordings.DeleteRecordingRequest, context: Any
    ) -> recordings.DeleteRecordingResponse:
        self._remember("DeleteRecording", request, context)
        self.kept = [each for each in self.kept if each[0].name != request.name]
        return recordings.DeleteRecordingResponse()

    def add_to(self, server: grpc.Server) -> None:
        """Add the service that only this server has."""
        service: Any = self
        recordings_grpc.add_RecordingServiceServicer_to_server(service, server)


@contextmanager
def serving_recorded(service: RecordedService) -> Iterator[str]:
    """Serve on a free port of this machine and give its address."""
    with serving(service, also=service.add_to) as address:
        yield address
