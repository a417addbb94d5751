"""The Python client of groundwire: answers from your documents, with citations, over gRPC.

::

    import groundwire

    with groundwire.SyncClient("127.0.0.1:50051", tenant="acme", principals=["staff"]) as client:
        match client.answer("Who may sign for parcels?"):
            case groundwire.Answered(text, citations):
                print(text, [citation.title for citation in citations])
            case outcome:
                print(outcome.next_step.name)

``Client`` is the same for asyncio. An outcome has a class of its own for each kind; all else that comes back are the
contract's own messages. Those that a caller builds are here as well; all others, and the stubs, are in the Python
package of the contract's name::

    from groundwire.v1 import outcome_pb2, answer_service_pb2_grpc
"""

from groundwire._async.client import Client
from groundwire._async.operations import AnswerOperation
from groundwire._async.stream import AnswerStream
from groundwire._sync.client import SyncClient
from groundwire._sync.operations import SyncAnswerOperation
from groundwire._sync.stream import SyncAnswerStream
from groundwire.clients import Clients
from groundwire.errors import Error, Violation
from groundwire.outcomes import (
    Abstained,
    Answered,
    Blocked,
    Cached,
    Degraded,
    FailedSafe,
    InReview,
    NextStep,
    Outcome,
    Queued,
    Unrecognized,
    outcome_of,
)
from groundwire.retrying import Retry
from groundwire.security import Tls
from groundwire.v1.answer_service_pb2 import Webhook
from groundwire.v1.document_pb2 import Document
from groundwire.v1.filter_pb2 import Filter, MetadataValue
from groundwire.v1.grounding_service_pb2 import Fact
from groundwire.v1.passage_pb2 import ProvidedPassage
from groundwire.v1.question_pb2 import Question

__all__ = [
    "Abstained",
    "AnswerOperation",
    "AnswerStream",
    "Answered",
    "Blocked",
    "Cached",
    "Client",
    "Clients",
    "Degraded",
    "Document",
    "Error",
    "Fact",
    "FailedSafe",
    "Filter",
    "InReview",
    "MetadataValue",
    "NextStep",
    "Outcome",
    "ProvidedPassage",
    "Question",
    "Queued",
    "Retry",
    "SyncAnswerOperation",
    "SyncAnswerStream",
    "SyncClient",
    "Tls",
    "Unrecognized",
    "Violation",
    "Webhook",
    "outcome_of",
]
