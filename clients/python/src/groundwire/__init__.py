"""The Python client of groundwire: answers from your documents, with citations, over gRPC.

::

    import groundwire

    with groundwire.SyncClient("127.0.0.1:50051", tenant="acme", principals=["staff"]) as client:
        outcome = client.answer("Who may sign for parcels?")
        print(groundwire.text_of(outcome) or outcome)

``Client`` is the same for asyncio. What comes back are the contract's own messages. Those that a caller builds are here
as well; all others, and the stubs, are in the Python package of the contract's name::

    from groundwire.v1 import outcome_pb2, answer_service_pb2_grpc
"""

from groundwire.client import AnswerStream, Client
from groundwire.errors import Error, Violation
from groundwire.outcomes import citations_of, text_of
from groundwire.security import Tls
from groundwire.sync_client import SyncAnswerStream, SyncClient
from groundwire.v1.document_pb2 import Document
from groundwire.v1.filter_pb2 import Filter, MetadataValue
from groundwire.v1.outcome_pb2 import Outcome
from groundwire.v1.passage_pb2 import ProvidedPassage
from groundwire.v1.question_pb2 import Question

__all__ = [
    "AnswerStream",
    "Client",
    "Document",
    "Error",
    "Filter",
    "MetadataValue",
    "Outcome",
    "ProvidedPassage",
    "Question",
    "SyncAnswerStream",
    "SyncClient",
    "Tls",
    "Violation",
    "citations_of",
    "text_of",
]
