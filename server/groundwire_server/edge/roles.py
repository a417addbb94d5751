"""Which roles allow which call: one table, with a row for every call of ours; without a row nobody may make it.

The standard services have rules of their own. Health answers everybody: balancers have no credential, and it tells
nothing but whether the server serves. Reflection shows the contract: it answers everybody where there is no
authentication, and elsewhere whoever presents a valid credential, of whatever role.
"""

from collections.abc import Collection, Mapping

from groundwire_server.domain.caller import Role

_READER = frozenset({Role.READER})
_WRITER = frozenset({Role.WRITER})
_REVIEWER = frozenset({Role.REVIEWER})

ROLES: Mapping[str, frozenset[Role]] = {
    "groundwire.v1.AnswerService/Answer": _READER,
    "groundwire.v1.AnswerService/StreamAnswer": _READER,
    "groundwire.v1.AnswerService/CancelAnswer": _READER,
    "groundwire.v1.RetrievalService/Retrieve": _READER,
    "groundwire.v1.GroundingService/CheckGrounding": _READER,
    "groundwire.v1.RouteService/ListRoutes": _READER,
    "groundwire.v1.ServerInfoService/GetServerInfo": frozenset(Role),
    "groundwire.v1.DocumentService/IngestDocuments": _WRITER,
    "groundwire.v1.DocumentService/PutDocument": _WRITER,
    "groundwire.v1.DocumentService/DeleteDocument": _WRITER,
    "groundwire.v1.DocumentService/PurgeDocuments": _WRITER,
    "groundwire.v1.DocumentService/GetDocument": _READER,
    "groundwire.v1.DocumentService/ListDocuments": _READER,
    "groundwire.v1.DocumentService/GetCorpusVersion": _READER,
    **{
        f"groundwire.v1.ReviewService/{method}": _REVIEWER
        for method in (
            "ListReviews",
            "GetReview",
            "ClaimReview",
            "ApproveReview",
            "EditReview",
            "RejectReview",
            "WatchReviews",
        )
    },
    # Each caller sees its own operations alone.
    **{
        f"google.longrunning.Operations/{method}": _READER
        for method in ("GetOperation", "ListOperations", "WaitOperation", "CancelOperation", "DeleteOperation")
    },
}
"""Any of a row's roles is enough; an admin may make every call that has a row."""


def allows(method: str, roles: Collection[Role]) -> bool:
    """Whether one of these roles may make the call."""
    row = ROLES.get(method)
    return row is not None and (Role.ADMIN in roles or not row.isdisjoint(roles))
