"""RecordService."""

from typing import Any, Final

import grpc.aio

from groundwire.v1 import record_service_pb2
from groundwire.v1.record_service_pb2_grpc import RecordServiceServicer
from groundwire_server.domain.cached_answer import Invalidation, OneRoute
from groundwire_server.domain.erasure import EntireTenant, OneDocument, RecordErasure
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Feature, Reason
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.erasure import receipt_to_pb, record_selection_from_pb
from groundwire_server.edge.servicers.documents import ERASE_SECONDS
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.clock import Clock

_RETRY_SECONDS: Final = 1.0


class Records(RecordServiceServicer):
    """Looks after what is kept beside documents."""

    def __init__(self, current: CurrentSnapshot, clock: Clock) -> None:
        self._current = current
        self._clock = clock

    async def EraseRecords(
        self, request: record_service_pb2.EraseRecordsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> record_service_pb2.EraseRecordsResponse:
        """Erase records of the caller's tenant, and return the receipt.

        Raises:
            Rejection: FEATURE_NOT_OFFERED where nothing is kept that could be erased.
        """
        eraser = self._current.snapshot.record_eraser
        if eraser is None:
            raise Rejection.not_offered(Feature.RECORD_ERASURE)
        call = current_call()
        erasure = RecordErasure(call.caller.tenant, record_selection_from_pb(request.target))
        receipt = await eraser.erase(call.caller, erasure, call.within(self._clock.now(), ERASE_SECONDS))
        return record_service_pb2.EraseRecordsResponse(receipt=receipt_to_pb(receipt))

    async def InvalidateAnswers(
        self, request: record_service_pb2.InvalidateAnswersRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> record_service_pb2.InvalidateAnswersResponse:
        """Forget earlier answers of the caller's tenant, and say how many.

        Raises:
            Rejection: RECORDS_UNAVAILABLE when the cache could not be asked for all of them.
        """
        cache = self._current.snapshot.answer_cache
        if cache is None:
            return record_service_pb2.InvalidateAnswersResponse()
        forgotten = await cache.forget(current_call().caller.tenant, _selection(request))
        if not forgotten.complete:
            raise Rejection(Reason.RECORDS_UNAVAILABLE, retry_after=_RETRY_SECONDS)
        return record_service_pb2.InvalidateAnswersResponse(count=forgotten.count)


def _selection(request: record_service_pb2.InvalidateAnswersRequest) -> Invalidation:
    match request.WhichOneof("selection"):
        case "document_id":
            return OneDocument(request.document_id)
        case "route":
            return OneRoute(request.route)
        case _:
            return EntireTenant()
