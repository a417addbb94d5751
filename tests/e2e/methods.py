"""Every RPC of every groundwire service, found in the contract's descriptors, so that a new one cannot be forgotten."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc.aio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

import groundwire.v1
from groundwire.v1 import answer_service_pb2, document_pb2, document_service_pb2, question_pb2, retrieval_service_pb2

SECONDS = 10.0
_MASK = "Internal error from Core"
_QUESTION = question_pb2.Question(text="What do lambda expressions create?")
_NEW = document_pb2.Document(document_id="intruder", text="Intruders were here.", allowed_principals=["*"])

REQUESTS: Mapping[str, Message] = {
    "groundwire.v1.AnswerService/Answer": answer_service_pb2.AnswerRequest(question=_QUESTION),
    "groundwire.v1.AnswerService/StreamAnswer": answer_service_pb2.StreamAnswerRequest(question=_QUESTION),
    "groundwire.v1.AnswerService/CancelAnswer": answer_service_pb2.CancelAnswerRequest(request_id="order-4711"),
    "groundwire.v1.RetrievalService/Retrieve": retrieval_service_pb2.RetrieveRequest(text="lambda expressions"),
    "groundwire.v1.DocumentService/IngestDocuments": document_service_pb2.IngestDocumentsRequest(document=_NEW),
    "groundwire.v1.DocumentService/GetDocument": document_service_pb2.GetDocumentRequest(document_id="lambdas"),
    "groundwire.v1.DocumentService/ListDocuments": document_service_pb2.ListDocumentsRequest(),
    "groundwire.v1.DocumentService/GetCorpusVersion": document_service_pb2.GetCorpusVersionRequest(),
    # Last: the others need what it deletes.
    "groundwire.v1.DocumentService/DeleteDocument": document_service_pb2.DeleteDocumentRequest(document_id="lambdas"),
}
"""A request of each RPC that would do something, were it let in."""


@dataclass(frozen=True)
class Method:
    """One RPC."""

    name: str
    descriptor: MethodDescriptor

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
        services = importlib.import_module(f"groundwire.v1.{module.name}").DESCRIPTOR.services_by_name
        for service in services.values():
            for method in service.methods:
                yield Method(f"{service.full_name}/{method.name}", method)


METHODS = tuple(_found())
