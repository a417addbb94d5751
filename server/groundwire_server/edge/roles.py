"""Which roles may make which call: one table with a row for every method of ours; without a row nobody may call it.

The standard services have their own rules. Health checks are open: load balancers have no credentials, and learn only
whether the server serves. Reflection, which shows the contract, is open where there is no authentication, and needs a
valid credential of any role elsewhere.
"""

from collections.abc import Collection, Mapping

from groundwire_server.domain.caller import Role

_READER = frozenset({Role.READER})
_WRITER = frozenset({Role.WRITER})
_REVIEWER = frozenset({Role.REVIEWER})
_OPERATOR = frozenset({Role.OPERATOR})
_ADMIN = frozenset({Role.ADMIN})

ROLES: Mapping[str, frozenset[Role]] = {
    "groundwire.v1.AnswerService/Answer": _READER,
    "groundwire.v1.AnswerService/StreamAnswer": _READER,
    "groundwire.v1.AnswerService/CancelAnswer": _READER,
    "groundwire.v1.AnswerService/SubmitAnswer": _READER,
    "groundwire.v1.OperationService/WatchOperation": _READER,
    "groundwire.v1.OperationService/ListHaltedOperations": _OPERATOR,
    "groundwire.v1.OperationService/RequeueOperation": _OPERATOR,
    "groundwire.v1.OperationService/GetQueue": _OPERATOR,
    "groundwire.v1.RecordService/EraseRecords": _ADMIN,
    "groundwire.v1.RecordService/InvalidateAnswers": _OPERATOR,
    "groundwire.v1.RetrievalService/Retrieve": _READER,
    "groundwire.v1.GroundingService/CheckGrounding": _READER,
    "groundwire.v1.RouteService/ListRoutes": _READER,
    "groundwire.v1.FeedbackService/SubmitFeedback": _READER,
    "groundwire.v1.FeedbackService/ListFeedback": _OPERATOR,
    "groundwire.v1.FeedbackService/ExportCases": _OPERATOR,
    "groundwire.v1.FeedbackService/AppealBlock": _READER,
    "groundwire.v1.UsageService/QueryUsage": _OPERATOR,
    "groundwire.v1.AuditService/ListAuditEntries": _OPERATOR,
    "groundwire.v1.AuditService/VerifyAudit": _OPERATOR,
    "groundwire.v1.ReviewService/MeasureReviews": _OPERATOR,
    "groundwire.v1.RecordingService/ListRecordings": _OPERATOR,
    "groundwire.v1.RecordingService/GetRecording": _OPERATOR,
    "groundwire.v1.RecordingService/DeleteRecording": _OPERATOR,
    "groundwire.v1.ServerInfoService/GetServerInfo": frozenset(Role),
    "groundwire.v1.LimitService/GetLimits": _OPERATOR,
    "groundwire.v1.DocumentService/IngestDocuments": _WRITER,
    "groundwire.v1.DocumentService/PutDocument": _WRITER,
    "groundwire.v1.DocumentService/DeleteDocument": _WRITER,
    "groundwire.v1.DocumentService/PurgeDocuments": _WRITER,
    "groundwire.v1.DocumentService/EraseDocuments": _ADMIN,
    "groundwire.v1.DocumentService/ListQuarantinedDocuments": _OPERATOR,
    "groundwire.v1.DocumentService/GetQuarantinedDocument": _OPERATOR,
    "groundwire.v1.DocumentService/ReleaseDocument": _OPERATOR,
    "groundwire.v1.DocumentService/GetDocument": _READER,
    "groundwire.v1.DocumentService/ListDocuments": _READER,
    "groundwire.v1.DocumentService/GetCorpusVersion": _READER,
    **{
        f"groundwire.v1.ReviewService/{method}": _REVIEWER
        for method in (
            "ListReviews",
            "GetReview",
            "ClaimReview",
            "ReleaseReview",
            "ApproveReview",
            "EditReview",
            "RejectReview",
            "WatchReviews",
        )
    },
    # The tenant of the caller counts as well; see `managing.py`.
    **{
        f"groundwire.v1.ExperimentService/{method}": _OPERATOR
        for method in ("ApplyExperiment", "EndExperiment", "ListExperiments", "GetExperiment")
    },
    **{
        f"groundwire.v1.PromptService/{method}": _OPERATOR
        for method in (
            "ListPrompts",
            "GetPromptVersion",
            "PushPromptVersion",
            "SetPromptLabel",
            "RollBackPrompt",
            "ListPromptChanges",
        )
    },
    # Each caller sees its own operations alone.
    **{
        f"google.longrunning.Operations/{method}": _READER
        for method in ("GetOperation", "ListOperations", "WaitOperation", "CancelOperation", "DeleteOperation")
    },
}
"""Any role of a row is enough; an admin may make every call that has a row."""


def allows(method: str, roles: Collection[Role]) -> bool:
    """Return whether one of these roles may make the call."""
    row = ROLES.get(method)
    return row is not None and (Role.ADMIN in roles or not row.isdisjoint(roles))
