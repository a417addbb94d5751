"""A groundwire server that answers by a script and remembers what it was asked."""

# ruff: noqa: N802 - gRPC names methods like the contract does

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf import any_pb2, duration_pb2, message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from groundwire.v1 import answer_service_pb2 as answers
from groundwire.v1 import answer_service_pb2_grpc as answers_grpc
from groundwire.v1 import document_service_pb2 as documents
from groundwire.v1 import document_service_pb2_grpc as documents_grpc
from groundwire.v1 import feedback_service_pb2 as feedback
from groundwire.v1 import feedback_service_pb2_grpc as feedback_grpc
from groundwire.v1 import grounding_service_pb2 as grounding
from groundwire.v1 import grounding_service_pb2_grpc as grounding_grpc
from groundwire.v1 import limit_service_pb2 as limits
from groundwire.v1 import limit_service_pb2_grpc as limits_grpc
from groundwire.v1 import report_pb2 as report
from groundwire.v1 import retrieval_service_pb2 as retrieval
from groundwire.v1 import retrieval_service_pb2_grpc as retrieval_grpc
from groundwire.v1 import route_service_pb2 as routes
from groundwire.v1 import route_service_pb2_grpc as routes_grpc
from groundwire.v1 import server_info_service_pb2 as server_info
from groundwire.v1 import server_info_service_pb2_grpc as server_info_grpc
from groundwire.v1.document_pb2 import Document, DocumentInfo, DocumentOrder, IngestState
from groundwire.v1.erasure_pb2 import ErasedPlace, ErasedPlaceKind, ErasureReceipt
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.route_pb2 import Route
from groundwire.v1.server_info_pb2 import ServerInfo

PATIENCE = 10.0
"""Seconds that a scripted wait lasts before a test is given up; nothing that passes takes a part of it."""


@dataclass(frozen=True)
class Failure:
    """A step of a script that ends the call with a status."""

    code: int
    message: str = ""
    reason: str = ""
    violations: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None

    def status(self) -> status_pb2.Status:
        """The status with its details."""
        details: list[message.Message] = []
        if self.reason:
            details.append(error_details_pb2.ErrorInfo(reason=self.reason, domain="groundwire.io"))
        if self.violations:
            listed = [
                error_details_pb2.BadRequest.FieldViolation(field=name, description=text)
                for name, text in self.violations.items()
            ]
            details.append(error_details_pb2.BadRequest(field_violations=listed))
        if self.retry_after is not None:
            delay = duration_pb2.Duration()
            delay.FromNanoseconds(round(self.retry_after * 1e9))
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        packed = []
        for detail in details:
            packed.append(any_pb2.Any())
            packed[-1].Pack(detail)
        return status_pb2.Status(code=self.code, message=self.message, details=packed)


class UntilCancelled:
    """A step of a script that waits for the caller to leave."""


class End:
    """A step of a script that ends the call with the status OK."""


@dataclass(frozen=True, eq=False)
class Once:
    """A step of a script that ends the call the first time it is reached, and is passed over from then on."""

    ending: Failure | End


Step: TypeAlias = (
    "answers.StreamAnswerResponse | grounding.CheckGroundingResponse | Failure | End | Once | UntilCancelled"
)

LOST = Failure(code_pb2.UNAVAILABLE, "Socket closed")
"""What gRPC makes of a connection that is lost: a status without a word from the server."""

UNAVAILABLE = Failure(
    code_pb2.UNAVAILABLE, "The store could not be reached; try again later.", "STORE_UNAVAILABLE", retry_after=60
)
"""A failure that no client waits to see gone, unless it watches."""

FORBIDDEN = Failure(code_pb2.PERMISSION_DENIED, "Your roles do not allow it.", "FORBIDDEN")


@dataclass(frozen=True)
class Call:
    """What a call brought with it."""

    method: str
    request: Any
    metadata: Mapping[str, str]
    time_remaining: float


class FakeService(
    answers_grpc.AnswerServiceServicer,
    retrieval_grpc.RetrievalServiceServicer,
    grounding_grpc.GroundingServiceServicer,
    documents_grpc.DocumentServiceServicer,
    routes_grpc.RouteServiceServicer,
    server_info_grpc.ServerInfoServiceServicer,
    limits_grpc.LimitServiceServicer,
    feedback_grpc.FeedbackServiceServicer,
):
    """Answers by a script.

    Attributes:
        script: the steps of the answer to a question, by its text; other questions end in `otherwise`. A search for a
            text, and a document of an id, of which it says so wait for their callers to leave.
        otherwise: the steps of the answer to every other question.
        rejected: what is wrong with documents, by id.
        refused: the failure that every call, or the next, ends with at once.
        forbidden: the methods that the caller's roles do not allow.
        broken: the failure that an ingest ends with, once it has answered `answered_first` documents.
        read_ahead: how many documents an ingest reads before it answers the first.
        found: the passages of every search; None makes one of the question.
        limits: those of every requester.
        checks: the steps of the check of a text, by the text; other texts have a summary alone.
        calls: what it was asked, in order.
        stored: the documents it was given, by id; every filter, and every erasure, selects all of them.
        objected: the categories of what a guard finds in documents, by id; these are kept in `held`, not in `stored`.
        held: the documents in quarantine, by id.
        release_failure: what every release ends with.
        purged_at_once: how many documents one purge, or erasure, removes.
        sample: how many ids a plan of a purge names.
        sent: what ingests sent it, in order.
        cancelled: set once a caller left before its answer was complete.
        cancelled_ids: what CancelAnswer was asked to end, in order; `named` is set by each.
        waiting: set once an answer waits for its caller to leave.
        stop: ends the server.
    """

    def __init__(self) -> None:
        self.script: dict[str, Sequence[Step]] = {}
        self.otherwise: Sequence[Step] = (UNAVAILABLE,)
        self.rejected: dict[str, Failure] = {}
        self.refused: Failure | Once | None = None
        self.forbidden: frozenset[str] = frozenset()
        self.broken: Failure | None = None
        self.answered_first = 0
        self.read_ahead = 1
        self.found: Sequence[Passage] | None = None
        self.checks: dict[str, Sequence[Step]] = {}
        self.limits = limits.GetLimitsResponse()
        self.feedback: Sequence[feedback.Feedback] = ()
        self.labelled: Sequence[feedback.LabelledCase] = ()
        self.calls: list[Call] = []
        self.stored: dict[str, Document] = {}
        self.objected: dict[str, Sequence[str]] = {}
        self.held: dict[str, Document] = {}
        self.release_failure: Failure | None = None
        self.purged_at_once = 1000
        self.sample = 100
        self.sent: list[documents.IngestDocumentsRequest] = []
        self.cancelled = threading.Event()
        self.cancelled_ids: list[str] = []
        self.named = threading.Event()
        self._passed: set[Once] = set()
        self.stop: Callable[[], None] = lambda: None
        self.waiting = threading.Event()

    @property
    def received(self) -> int:
        """How many documents ingests have sent it."""
        return len(self.sent)

    def Answer(self, request: answers.AnswerRequest, context: Any) -> answers.AnswerResponse:
        self._remember("Answer", request, context)
        complete = False
        context.add_callback(lambda: None if complete else self.cancelled.set())
        outcome = [
            step
            for step in self._steps(self.script.get(request.question.text, self.otherwise), context)
            if step.HasField("outcome")
        ][-1].outcome
        complete = True
        return answers.AnswerResponse(outcome=outcome)

    def StreamAnswer(
        self, request: answers.StreamAnswerRequest, context: Any
    ) -> Iterator[answers.StreamAnswerResponse]:
        self._remember("StreamAnswer", request, context)
        complete = False
        context.add_callback(lambda: None if complete else self.cancelled.set())
        for sequence, event in enumerate(
            self._steps(self.script.get(request.question.text, self.otherwise), context), 1
        ):
            if sequence > request.after_sequence:
                event.sequence = event.sequence or sequence
                yield event
        complete = True

    def SubmitAnswer(self, request: answers.SubmitAnswerRequest, context: Any) -> Any:
        self._fail(Failure(code_pb2.UNIMPLEMENTED, "This server does not offer it.", "FEATURE_NOT_OFFERED"), context)

    def CancelAnswer(self, request: answers.CancelAnswerRequest, context: Any) -> answers.CancelAnswerResponse:
        self._remember("CancelAnswer", request, context)
        self.cancelled_ids.append(request.request_id)
        self.named.set()
        return answers.CancelAnswerResponse(cancelled=request.request_id == "in-flight")

    def Retrieve(self, request: retrieval.RetrieveRequest, context: Any) -> retrieval.RetrieveResponse:
        self._remember("Retrieve", request, context)
        self._wait_if_told(request.text, context)
        found = [Passage(chunk_id="c1", text=request.text)] if self.found is None else self.found
        return retrieval.RetrieveResponse(passages=found, corpus_version="v1")

    def CheckGrounding(
        self, request: grounding.CheckGroundingRequest, context: Any
    ) -> Iterator[grounding.CheckGroundingResponse]:
        self._remember("CheckGrounding", request, context)
        complete = False
        context.add_callback(lambda: None if complete else self.cancelled.set())
        alone = grounding.CheckGroundingResponse(summary=grounding.GroundingSummary())
        for sequence, event in enumerate(self._steps(self.checks.get(request.text, (alone,)), context), 1):
            event.sequence = sequence
            yield event
        complete = True

    def IngestDocuments(
        self, request_iterator: Iterator[documents.IngestDocumentsRequest], context: Any
    ) -> Iterator[documents.IngestDocumentsResponse]:
        self._remember("IngestDocuments", None, context)
        unanswered: list[Document] = []
        index = 0
        for request in request_iterator:
            self.sent.append(request)
            unanswered.append(request.document)
            if len(unanswered) < self.read_ahead:
                continue
            yield self._stored(index, unanswered.pop(0), context)
            index += 1
        for document in unanswered:
            yield self._stored(index, document, context)
            index += 1

    def PutDocument(self, request: documents.PutDocumentRequest, context: Any) -> documents.PutDocumentResponse:
        self._remember("PutDocument", request, context)
        result = self._stored(0, request.document, context)
        return documents.PutDocumentResponse(
            state=result.state,
            revision=result.revision,
            chunk_count=result.chunk_count,
            corpus_version=result.corpus_version,
            content_hash=result.content_hash,
        )

    def GetDocument(self, request: documents.GetDocumentRequest, context: Any) -> documents.GetDocumentResponse:
        self._remember("GetDocument", request, context)
        document = self.stored.get(request.document_id)
        if document is None:
            self._fail(Failure(code_pb2.NOT_FOUND, "There is no such document.", "DOCUMENT_NOT_FOUND"), context)
        return documents.GetDocumentResponse(
            document=_info(document),
            text=document.text if request.include_text else "",
        )

    def ListDocuments(self, request: documents.ListDocumentsRequest, context: Any) -> documents.ListDocumentsResponse:
        self._remember("ListDocuments", request, context)
        oldest = list(self.stored)
        others = {DocumentOrder.DOCUMENT_ORDER_OLDEST: oldest, DocumentOrder.DOCUMENT_ORDER_NEWEST: oldest[::-1]}
        names = others.get(request.order, sorted(oldest))
        following = names[names.index(request.page_token) + 1 :] if request.page_token else names
        page, more = following[: request.page_size], len(following) > request.page_size
        return documents.ListDocumentsResponse(
            documents=[_info(self.stored[name]) for name in page],
            next_page_token=page[-1] if more else "",
        )

    def DeleteDocument(
        self, request: documents.DeleteDocumentRequest, context: Any
    ) -> documents.DeleteDocumentResponse:
        self._remember("DeleteDocument", request, context)
        documents_of = self.held if request.document_id in self.held else self.stored
        deleted = documents_of.pop(request.document_id, None) is not None
        if not deleted and not request.allow_missing:
            self._fail(Failure(code_pb2.NOT_FOUND, "There is no such document.", "DOCUMENT_NOT_FOUND"), context)
        return documents.DeleteDocumentResponse(deleted=deleted, corpus_version=f"v{len(self.stored)}")

    def PurgeDocuments(
        self, request: documents.PurgeDocumentsRequest, context: Any
    ) -> documents.PurgeDocumentsResponse:
        self._remember("PurgeDocuments", request, context)
        names = sorted(self.stored)
        if not request.force:
            return documents.PurgeDocumentsResponse(purge_count=len(names), purge_sample=names[: self.sample])
        doomed = names[: self.purged_at_once]
        for name in doomed:
            del self.stored[name]
        return documents.PurgeDocumentsResponse(
            purge_count=len(doomed), complete=not self.stored, corpus_version=f"v{len(self.stored)}"
        )

    def EraseDocuments(
        self, request: documents.EraseDocumentsRequest, context: Any
    ) -> documents.EraseDocumentsResponse:
        self._remember("EraseDocuments", request, context)
        names = sorted(self.stored)
        if not request.force:
            return documents.EraseDocumentsResponse(document_count=len(names), document_sample=names[: self.sample])
        doomed = names[: self.purged_at_once]
        for name in doomed:
            del self.stored[name]
        receipt = ErasureReceipt(
            target=request.target,
            complete=not self.stored,
            places=[
                ErasedPlace(kind=ErasedPlaceKind.ERASED_PLACE_KIND_DOCUMENTS, count=len(doomed), complete=True),
                ErasedPlace(
                    kind=ErasedPlaceKind.ERASED_PLACE_KIND_STORE_FILES, complete=not self.stored, note="Of disks."
                ),
            ],
            notes=["Not reached: backups."],
            content_hash="ab" * 32,
        )
        return documents.EraseDocumentsResponse(document_count=len(doomed), receipt=receipt)

    def ListQuarantinedDocuments(
        self, request: documents.ListQuarantinedDocumentsRequest, context: Any
    ) -> documents.ListQuarantinedDocumentsResponse:
        self._remember("ListQuarantinedDocuments", request, context)
        names = [name for name in sorted(self.held) if name > request.page_token]
        page, more = names[: request.page_size], len(names) > request.page_size
        return documents.ListQuarantinedDocumentsResponse(
            documents=[self._held(name) for name in page], next_page_token=page[-1] if more else ""
        )

    def GetQuarantinedDocument(
        self, request: documents.GetQuarantinedDocumentRequest, context: Any
    ) -> documents.GetQuarantinedDocumentResponse:
        self._remember("GetQuarantinedDocument", request, context)
        if request.document_id not in self.held:
            self._fail(Failure(code_pb2.NOT_FOUND, "There is no such document.", "DOCUMENT_NOT_FOUND"), context)
        return documents.GetQuarantinedDocumentResponse(
            document=self._held(request.document_id),
            text=self.held[request.document_id].text if request.include_text else "",
        )

    def ReleaseDocument(
        self, request: documents.ReleaseDocumentRequest, context: Any
    ) -> documents.ReleaseDocumentResponse:
        self._remember("ReleaseDocument", request, context)
        if self.release_failure is not None:
            self._fail(self.release_failure, context)
        if request.document_id not in self.held:
            self._fail(Failure(code_pb2.NOT_FOUND, "There is no such document.", "DOCUMENT_NOT_FOUND"), context)
        document = self.stored[request.document_id] = self.held.pop(request.document_id)
        return documents.ReleaseDocumentResponse(revision=2, chunk_count=3, content_hash=_info(document).content_hash)

    def GetCorpusVersion(
        self, request: documents.GetCorpusVersionRequest, context: Any
    ) -> documents.GetCorpusVersionResponse:
        self._remember("GetCorpusVersion", request, context)
        return documents.GetCorpusVersionResponse(corpus_version=f"v{len(self.stored)}")

    def ListRoutes(self, request: routes.ListRoutesRequest, context: Any) -> routes.ListRoutesResponse:
        self._remember("ListRoutes", request, context)
        pages = {"": ("default", "1"), "1": ("support", "")}
        name, following = pages[request.page_token]
        return routes.ListRoutesResponse(routes=[Route(name=name)], next_page_token=following)

    def GetServerInfo(
        self, request: server_info.GetServerInfoRequest, context: Any
    ) -> server_info.GetServerInfoResponse:
        self._remember("GetServerInfo", request, context)
        return server_info.GetServerInfoResponse(server_info=ServerInfo(version="0.1.0"))

    def SubmitFeedback(self, request: feedback.SubmitFeedbackRequest, context: Any) -> feedback.SubmitFeedbackResponse:
        self._remember("SubmitFeedback", request, context)
        return feedback.SubmitFeedbackResponse(answer_kept=True)

    def ListFeedback(self, request: feedback.ListFeedbackRequest, context: Any) -> feedback.ListFeedbackResponse:
        self._remember("ListFeedback", request, context)
        return feedback.ListFeedbackResponse(feedback=self.feedback)

    def ExportCases(self, request: feedback.ExportCasesRequest, context: Any) -> Iterator[feedback.ExportCasesResponse]:
        self._remember("ExportCases", request, context)
        yield from (feedback.ExportCasesResponse(labelled_case=case) for case in self.labelled)

    def AppealBlock(self, request: feedback.AppealBlockRequest, context: Any) -> feedback.AppealBlockResponse:
        self._remember("AppealBlock", request, context)
        return feedback.AppealBlockResponse()

    def GetLimits(self, request: limits.GetLimitsRequest, context: Any) -> limits.GetLimitsResponse:
        self._remember("GetLimits", request, context)
        return self.limits

    def _remember(self, method: str, request: message.Message | None, context: Any) -> None:
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        self.calls.append(Call(method, request, metadata, context.time_remaining()))
        if method in self.forbidden:
            self._fail(FORBIDDEN, context)
        match self.refused:
            case None:
                return
            case Failure():
                self._fail(self.refused, context)
            case Once():
                if self._is_first(self.refused):
                    self._end(self.refused.ending, context)

    def _steps(self, steps: Sequence[Step], context: Any) -> Iterator[Any]:
        for step in steps:
            match step:
                case Failure() | End():
                    return self._end(step, context)
                case Once():
                    if self._is_first(step):
                        return self._end(step.ending, context)
                case UntilCancelled():
                    self._wait(context)
                case _:
                    yield step

    def _wait_if_told(self, name: str, context: Any) -> None:
        if any(isinstance(step, UntilCancelled) for step in self.script.get(name, ())):
            self._wait(context)

    def _wait(self, context: Any) -> NoReturn:
        left = threading.Event()
        if context.add_callback(left.set):
            self.waiting.set()
            if left.wait(PATIENCE):
                self.cancelled.set()
        self._fail(Failure(code_pb2.CANCELLED), context)

    def _stored(self, index: int, document: Document, context: Any) -> documents.IngestDocumentsResponse:
        self._wait_if_told(document.document_id, context)
        if self.broken is not None and index == self.answered_first:
            self._fail(self.broken, context)
        result = documents.IngestDocumentsResponse(index=index, document_id=document.document_id)
        wrong = self.rejected.get(document.document_id)
        if wrong is not None:
            result.state = IngestState.INGEST_STATE_REJECTED
            result.error.CopyFrom(wrong.status())
            return result
        if document.document_id in self.objected:
            self.held[document.document_id] = document
            result.state, result.revision = IngestState.INGEST_STATE_QUARANTINED, 1
            for category in self.objected[document.document_id]:
                result.flags.add(
                    screen=report.SCREEN_DOCUMENT,
                    guard="instructions",
                    guard_version="1",
                    category=category,
                    action=report.GUARD_ACTION_QUARANTINE,
                    count=1,
                )
            result.content_hash = _info(document).content_hash
            return result
        known = self.stored.get(document.document_id)
        if known is None:
            result.state = IngestState.INGEST_STATE_CREATED
        elif known == document:
            result.state = IngestState.INGEST_STATE_UNCHANGED
        else:
            result.state = IngestState.INGEST_STATE_UPDATED
        self.stored[document.document_id] = document
        result.revision, result.chunk_count, result.corpus_version = 1, 3, f"v{len(self.stored)}"
        result.content_hash = _info(document).content_hash
        return result

    def _held(self, name: str) -> DocumentInfo:
        described = _info(self.held[name])
        described.revision, described.chunk_count = 1, 0
        for category in self.objected.get(name, ()):
            described.quarantine.findings.add(
                guard="instructions", guard_version="1", category=category, rule="orders", end_code_point=7
            )
        return described

    def _is_first(self, step: Once) -> bool:
        first = step not in self._passed
        self._passed.add(step)
        return first

    def _end(self, ending: Failure | End, context: Any) -> None:
        if isinstance(ending, Failure):
            self._fail(ending, context)

    def _fail(self, failure: Failure, context: Any) -> NoReturn:
        status = rpc_status.to_status(failure.status())
        trailers = (
            (("groundwire-request-id", "request-1"), ("groundwire-trace-id", "ab" * 16)) if failure.reason else ()
        )
        context.set_trailing_metadata((*trailers, *status.trailing_metadata))
        context.abort(status.code, status.details)
        raise AssertionError("abort raises")


def _info(document: Document) -> DocumentInfo:
    digest = hashlib.sha256(document.SerializeToString(deterministic=True)).hexdigest()
    described = {field.name: value for field, value in document.ListFields() if field.name != "text"}
    return DocumentInfo(**described, revision=1, content_hash=digest, size_bytes=len(document.text.encode()))


@contextmanager
def serving(
    service: FakeService,
    credentials: grpc.ServerCredentials | None = None,
    also: Callable[[grpc.Server], None] = lambda server: None,
) -> Iterator[str]:
    """Serves on a free port of this machine and gives its address; what is `also` added are further services."""
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    answers_grpc.add_AnswerServiceServicer_to_server(service, server)
    grounding_grpc.add_GroundingServiceServicer_to_server(service, server)
    retrieval_grpc.add_RetrievalServiceServicer_to_server(service, server)
    documents_grpc.add_DocumentServiceServicer_to_server(service, server)
    routes_grpc.add_RouteServiceServicer_to_server(service, server)
    server_info_grpc.add_ServerInfoServiceServicer_to_server(service, server)
    limits_grpc.add_LimitServiceServicer_to_server(service, server)
    feedback_grpc.add_FeedbackServiceServicer_to_server(service, server)
    also(server)
    address = "127.0.0.1:0"
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    server.start()
    service.stop = lambda: _stop(server)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        _stop(server)


def _stop(server: grpc.Server) -> None:
    server.stop(0).wait()
