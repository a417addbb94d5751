# Generated from clients/python/src/groundwire/_async/records.py: change that, then `make generate`.
"""The calls that look after what the server keeps."""

from groundwire._sync.connection import Connection
from groundwire.v1.erasure_pb2 import ErasureReceipt, ErasureTarget
from groundwire.v1.record_service_pb2 import EraseRecordsRequest, InvalidateAnswersRequest


class RecordCalls:
    """Calls about kept answers and queued questions. The methods' roles are the operator's, and the admin's to erase.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def invalidate_answers(
        self, *, document_id: str = "", route: str = "", tenant: bool = False, timeout: float | None = None
    ) -> int:
        """Have the server forget earlier answers that may stand in, and return how many. Say which in one way.

        Args:
            document_id: those that cite a document.
            route: those of a route.
            tenant: all of the caller's tenant.
            timeout: seconds that the call may take.

        Raises:
            ValueError: when none of the ways is taken, or several are.
        """
        if [bool(document_id), bool(route), tenant].count(True) != 1:
            raise ValueError("say which answers in one way: document_id, route or tenant=True")
        request = InvalidateAnswersRequest()
        if document_id:
            request.document_id = document_id
        elif route:
            request.route = route
        else:
            request.tenant.SetInParent()
        response = self._connection.call(self._connection.records.InvalidateAnswers, request, timeout)
        return response.count

    def erase_records(self, target: ErasureTarget, *, timeout: float | None = None) -> ErasureReceipt:
        """Erase queued questions with their answers, and answers that may stand in; return the receipt.

        Args:
            target: names a document, a subject, an end user or the whole tenant.
            timeout: seconds that the call may take.
        """
        request = EraseRecordsRequest(target=target)
        response = self._connection.call(self._connection.records.EraseRecords, request, timeout)
        return response.receipt
