"""A server as it is run, by its configuration."""

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc.aio

from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceStub
from groundwire_server.app.configuration.load import load
from groundwire_server.app.serve import Running, running
from tests.doubles.configured import beside

if TYPE_CHECKING:
    from groundwire.v1.answer_service_pb2_grpc import AnswerServiceAsyncStub
    from groundwire.v1.document_service_pb2_grpc import DocumentServiceAsyncStub
    from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceAsyncStub


@dataclass
class Stubs:
    """What is called of a server."""

    channel: grpc.aio.Channel
    answers: "AnswerServiceAsyncStub" = field(init=False)
    documents: "DocumentServiceAsyncStub" = field(init=False)
    feedback: "FeedbackServiceAsyncStub" = field(init=False)

    def __post_init__(self) -> None:
        self.answers = AnswerServiceStub(self.channel)
        self.documents = DocumentServiceStub(self.channel)
        self.feedback = FeedbackServiceStub(self.channel)


def serving(folder: Path, sections: dict[str, Any]) -> AbstractAsyncContextManager[Running]:
    """Serve by these sections until the context is left."""
    file = folder / "groundwire.yaml"
    file.write_text(json.dumps(sections))
    sources = beside(folder / "data", embedder=None, file=file)
    return running(sources, load(sources))
