"""Every RPC that the server has, found in the contract's descriptors, so that a new one cannot be forgotten."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc.aio
from google.longrunning import operations_pb2
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

import groundwire.v1
from groundwire.v1 import (
    answer_service_pb2,
    audit_service_pb2,
    document_pb2,
    document_service_pb2,
    erasure_pb2,
    experiment_service_pb2,
    feedback_service_pb2,
    filter_pb2,
    grounding_service_pb2,
    limit_service_pb2,
    operation_service_pb2,
    passage_pb2,
    prompt_service_pb2,
    question_pb2,
    record_service_pb2,
    recording_service_pb2,
    retrieval_service_pb2,
    review_service_pb2,
    route_service_pb2,
    server_info_service_pb2,
    usage_service_pb2,
)
from groundwire.v1.feedback_service_pb2 import RATING_UP
from groundwire_server.domain.vocabulary import Feature

SECONDS = 10.0
_MASK = "Internal error from Core"
_OPERATION = f"operations/{'5b1e' * 8}"
_RECORDING = f"recordings/{7:032x}"
_QUESTION = question_pb2.Question(text="What do lambda expressions create?")
_ALL = filter_pb2.Filter(is_null=filter_pb2.IsNull(key="team", is_null=True))
_EXPERIMENT = "{name: intruder, route: default, arms: [{name: a, weight: 50}, {name: b, weight: 50}]}"
_NEW = document_pb2.Document(document_id="intruder", text="Intruders were here.", allowed_principals=["*"])

REQUESTS: Mapping[str, Message] = {
    "groundwire.v1.AnswerService/Answer": answer_service_pb2.AnswerRequest(question=_QUESTION),
    "groundwire.v1.AnswerService/StreamAnswer": answer_service_pb2.StreamAnswerRequest(question=_QUESTION),
    "groundwire.v1.AnswerService/CancelAnswer": answer_service_pb2.CancelAnswerRequest(request_id="order-4711"),
    "groundwire.v1.RetrievalService/Retrieve": retrieval_service_pb2.RetrieveRequest(text="lambda expressions"),
    "groundwire.v1.DocumentService/IngestDocuments": document_service_pb2.IngestDocumentsRequest(document=_NEW),
    "groundwire.v1.DocumentService/PutDocument": document_service_pb2.PutDocumentRequest(document=_NEW),
    "groundwire.v1.DocumentService/GetDocument": document_service_pb2.GetDocumentRequest(document_id="lambdas"),
    "groundwire.v1.DocumentService/ListDocuments": document_service_pb2.ListDocumentsRequest(),
    "groundwire.v1.DocumentService/GetCorpusVersion": document_service_pb2.GetCorpusVersionRequest(),
    "groundwire.v1.DocumentService/PurgeDocuments": document_service_pb2.PurgeDocumentsRequest(filter=_ALL),
    "groundwire.v1.DocumentService/EraseDocuments": document_service_pb2.EraseDocumentsRequest(
        target=erasure_pb2.ErasureTarget(document_id="lambdas")
    ),
    "groundwire.v1.DocumentService/ListQuarantinedDocuments": document_service_pb2.ListQuarantinedDocumentsRequest(),
    "groundwire.v1.DocumentService/GetQuarantinedDocument": document_service_pb2.GetQuarantinedDocumentRequest(
        document_id="held", include_text=True
    ),
    "groundwire.v1.DocumentService/ReleaseDocument": document_service_pb2.ReleaseDocumentRequest(
        document_id="held", expected_revision=1
    ),
    "groundwire.v1.GroundingService/CheckGrounding": grounding_service_pb2.CheckGroundingRequest(
        text="Lambda expressions create functions.", search=passage_pb2.Search()
    ),
    "groundwire.v1.RouteService/ListRoutes": route_service_pb2.ListRoutesRequest(),
    "groundwire.v1.LimitService/GetLimits": limit_service_pb2.GetLimitsRequest(),
    "groundwire.v1.FeedbackService/AppealBlock": feedback_service_pb2.AppealBlockRequest(
        request_id="request-4711", trace_id="ab" * 16, policy="injection", category="jailbreak"
    ),
    "groundwire.v1.ServerInfoService/GetServerInfo": server_info_service_pb2.GetServerInfoRequest(),
    "groundwire.v1.ReviewService/ListReviews": review_service_pb2.ListReviewsRequest(),
    "groundwire.v1.ReviewService/GetReview": review_service_pb2.GetReviewRequest(ticket="7f3a09c2"),
    "groundwire.v1.ReviewService/ClaimReview": review_service_pb2.ClaimReviewRequest(ticket="7f3a09c2"),
    "groundwire.v1.ReviewService/ApproveReview": review_service_pb2.ApproveReviewRequest(ticket="7f3a09c2"),
    "groundwire.v1.ReviewService/EditReview": review_service_pb2.EditReviewRequest(ticket="7f3a09c2", text="So."),
    "groundwire.v1.ReviewService/RejectReview": review_service_pb2.RejectReviewRequest(ticket="7f3a09c2"),
    "groundwire.v1.ReviewService/ReleaseReview": review_service_pb2.ReleaseReviewRequest(ticket="7f3a09c2"),
    "groundwire.v1.ReviewService/MeasureReviews": review_service_pb2.MeasureReviewsRequest(),
    "groundwire.v1.FeedbackService/SubmitFeedback": feedback_service_pb2.SubmitFeedbackRequest(
        request_id="request-1", trace_id="0af7651916cd43dd8448eb211c80319c", route="default", rating=RATING_UP
    ),
    "groundwire.v1.FeedbackService/ListFeedback": feedback_service_pb2.ListFeedbackRequest(),
    "groundwire.v1.FeedbackService/ExportCases": feedback_service_pb2.ExportCasesRequest(),
    "groundwire.v1.UsageService/QueryUsage": usage_service_pb2.QueryUsageRequest(),
    "groundwire.v1.AuditService/ListAuditEntries": audit_service_pb2.ListAuditEntriesRequest(),
    "groundwire.v1.AuditService/VerifyAudit": audit_service_pb2.VerifyAuditRequest(),
    "groundwire.v1.RecordingService/ListRecordings": recording_service_pb2.ListRecordingsRequest(),
    "groundwire.v1.RecordingService/GetRecording": recording_service_pb2.GetRecordingRequest(name=_RECORDING),
    "groundwire.v1.RecordingService/DeleteRecording": recording_service_pb2.DeleteRecordingRequest(name=_RECORDING),
    "groundwire.v1.PromptService/ListPrompts": prompt_service_pb2.ListPromptsRequest(),
    "groundwire.v1.PromptService/GetPromptVersion": prompt_service_pb2.GetPromptVersionRequest(name="answer"),
    "groundwire.v1.PromptService/PushPromptVersion": prompt_service_pb2.PushPromptVersionRequest(
        name="intruder", version="1.0.0", text="Intruders were here."
    ),
    "groundwire.v1.PromptService/SetPromptLabel": prompt_service_pb2.SetPromptLabelRequest(
        name="answer", label="intruder", version="1.2.0"
    ),
    "groundwire.v1.PromptService/RollBackPrompt": prompt_service_pb2.RollBackPromptRequest(
        name="answer", label="production"
    ),
    "groundwire.v1.PromptService/ListPromptChanges": prompt_service_pb2.ListPromptChangesRequest(),
    "groundwire.v1.ExperimentService/ApplyExperiment": experiment_service_pb2.ApplyExperimentRequest(
        definition=_EXPERIMENT
    ),
    "groundwire.v1.ExperimentService/EndExperiment": experiment_service_pb2.EndExperimentRequest(name="intruder"),
    "groundwire.v1.ExperimentService/ListExperiments": experiment_service_pb2.ListExperimentsRequest(),
    "groundwire.v1.ExperimentService/GetExperiment": experiment_service_pb2.GetExperimentRequest(name="intruder"),
    "groundwire.v1.ReviewService/WatchReviews": review_service_pb2.WatchReviewsRequest(),
    "google.longrunning.Operations/ListOperations": operations_pb2.ListOperationsRequest(name="operations"),
    "google.longrunning.Operations/GetOperation": operations_pb2.GetOperationRequest(name="operations/5b1e"),
    "google.longrunning.Operations/WaitOperation": operations_pb2.WaitOperationRequest(name="operations/5b1e"),
    "google.longrunning.Operations/CancelOperation": operations_pb2.CancelOperationRequest(name="operations/5b1e"),
    "google.longrunning.Operations/DeleteOperation": operations_pb2.DeleteOperationRequest(name="operations/5b1e"),
    "groundwire.v1.AnswerService/SubmitAnswer": answer_service_pb2.SubmitAnswerRequest(question=_QUESTION),
    "groundwire.v1.OperationService/WatchOperation": operation_service_pb2.WatchOperationRequest(name=_OPERATION),
    "groundwire.v1.OperationService/ListHaltedOperations": operation_service_pb2.ListHaltedOperationsRequest(),
    "groundwire.v1.OperationService/RequeueOperation": operation_service_pb2.RequeueOperationRequest(name=_OPERATION),
    "groundwire.v1.OperationService/GetQueue": operation_service_pb2.GetQueueRequest(),
    "groundwire.v1.RecordService/EraseRecords": record_service_pb2.EraseRecordsRequest(
        target=erasure_pb2.ErasureTarget(subject="anonymous")
    ),
    "groundwire.v1.RecordService/InvalidateAnswers": record_service_pb2.InvalidateAnswersRequest(route="default"),
    # Last: the others need what it deletes.
    "groundwire.v1.DocumentService/DeleteDocument": document_service_pb2.DeleteDocumentRequest(document_id="lambdas"),
}
"""A request of each RPC that would do something, were it let in."""


_OF_QUEUED_ANSWERS = {
    "groundwire.v1.AnswerService/SubmitAnswer",
    "groundwire.v1.OperationService",
    "google.longrunning.Operations",
}
"""What needs the queue of answers: a method, or every method of a service."""


_OF_FEEDBACK = {
    f"groundwire.v1.FeedbackService/{method}" for method in ("SubmitFeedback", "ListFeedback", "ExportCases")
}
"""What needs the records of feedback."""

_OF_RECORDS = {
    "groundwire.v1.ReviewService": Feature.REVIEWS,
    "groundwire.v1.AuditService": Feature.AUDIT,
    "groundwire.v1.RecordingService": Feature.RECORDINGS,
    "groundwire.v1.PromptService": Feature.PROMPTS,
    "groundwire.v1.ExperimentService": Feature.EXPERIMENTS,
}
"""The services that need records."""


@dataclass(frozen=True)
class Method:
    """One RPC."""

    name: str
    descriptor: MethodDescriptor

    @property
    def feature(self) -> str | None:
        """The feature that the call needs and that a server without records does not offer; None for all others."""
        if self.name.rpartition("/")[0] in _OF_QUEUED_ANSWERS or self.name in _OF_QUEUED_ANSWERS:
            return Feature.QUEUED_ANSWERS.value
        if self.name == "groundwire.v1.RecordService/EraseRecords":
            return Feature.RECORD_ERASURE.value
        if self.name in _OF_FEEDBACK:
            return Feature.FEEDBACK.value
        if self.name == "groundwire.v1.UsageService/QueryUsage":
            return Feature.USAGE.value
        feature = _OF_RECORDS.get(self.name.rpartition("/")[0])
        return None if feature is None else feature.value

    async def call(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> list[Any]:
        """Make the call with its sample request; return every response.

        A client that still writes when it is refused may see grpc.aio's own status in place of the server's
        (grpc/grpc#36066): then the call is made again, for what was refused has done nothing.
        """
        while True:
            try:
                return await self._once(channel, metadata)
            except grpc.aio.AioRpcError as failed:
                if failed.details() != _MASK:
                    raise

    async def _once(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> list[Any]:
        request = REQUESTS[self.name]
        # One request is the same on the wire from either kind of caller; one that is refused while it writes may be
        # told by grpc.aio of its own write in place of the refusal (grpc/grpc#36066).
        kind = "unary_stream" if self.descriptor.server_streaming else "unary_unary"
        make = getattr(channel, kind)(
            f"/{self.name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=GetMessageClass(self.descriptor.output_type).FromString,
        )
        call = make(request, metadata=metadata, timeout=SECONDS)
        if self.descriptor.server_streaming:
            return [response async for response in call]
        return [await call]


def _found() -> Iterator[Method]:
    for module in pkgutil.iter_modules(groundwire.v1.__path__):
        if not module.name.endswith("_pb2"):
            continue
        yield from _methods(importlib.import_module(f"groundwire.v1.{module.name}").DESCRIPTOR)
    yield from _methods(operations_pb2.DESCRIPTOR)


def _methods(file: FileDescriptor) -> Iterator[Method]:
    for service in file.services_by_name.values():
        for method in service.methods:
            yield Method(f"{service.full_name}/{method.name}", method)


METHODS = tuple(_found())
