"""A server whose every answer waits for a person, and its reviewers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import grpc.aio
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.duration_pb2 import Duration

from groundwire.v1 import audit_service_pb2, outcome_pb2, review_pb2, review_service_pb2
from groundwire.v1.answer_service_pb2 import AnswerResponse
from groundwire.v1.audit_service_pb2_grpc import AuditServiceStub
from groundwire.v1.operation_pb2 import AnswerOperationMetadata
from groundwire.v1.review_service_pb2_grpc import ReviewServiceStub
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.work.options import QueueOptions
from tests.doubles.generator import DONE, ScriptedGenerator, draft
from tests.e2e.calls import ACME, SECONDS, answer, info, ingest
from tests.e2e.conftest import Product, Serve

Metadata = tuple[tuple[str, str], ...]

LAMBDAS = "Lambda expressions create anonymous functions."
RITA, OTTO = (
    (("groundwire-tenant", "acme"), ("groundwire-subject", subject), ("groundwire-principals", "staff"))
    for subject in ("rita", "otto")
)
STRANGER = (("groundwire-tenant", "umbrella"), ("groundwire-subject", "rita"), ("groundwire-principals", "staff"))
IDLE = QueueOptions(concurrent=0, poll_seconds=0.02)


def script(*sentences: str) -> list[Any]:
    return [*draft(*((each, ["p1"]) for each in sentences or (LAMBDAS,))), DONE]


def waiting(**given: Any) -> Callable[[Policy], Policy]:
    """Return what makes a route of which answers wait for a person."""
    changes = {name: given.pop(name) for name in ("fallbacks", "cache", "queue", "release") if name in given}
    review = ReviewPolicy(**{"always": True, **given})

    def change(policy: Policy) -> Policy:
        fallbacks = {**policy.fallbacks, **changes.pop("fallbacks", {})}
        return replace(policy, review=review, fallbacks=fallbacks, **changes)

    return change


@dataclass
class Desk:
    """A server with reviews."""

    product: Product

    def __post_init__(self) -> None:
        channel = self.product.channel
        self.reviews: Any = ReviewServiceStub(channel)
        self.audit: Any = AuditServiceStub(channel)
        self.operations = OperationsStub(channel)

    async def ask(self, **fields: Any) -> outcome_pb2.InReview:
        """Ask, and return where the caller waits."""
        outcome = await answer(self.product, **fields)
        assert outcome.WhichOneof("result") == "in_review", outcome
        return outcome.in_review

    async def call(self, method: str, who: Metadata = RITA, **fields: Any) -> Any:
        """Make a call of ReviewService; one that returns a review returns that."""
        request = getattr(review_service_pb2, f"{method}Request")(**fields)
        response = await getattr(self.reviews, method)(request, metadata=who, timeout=SECONDS)
        return response.review if "review" in response.DESCRIPTOR.fields_by_name else response

    async def refused(self, method: str, who: Metadata = RITA, **fields: Any) -> Any:
        """Return the ErrorInfo that a call ends with."""
        try:
            await self.call(method, who, **fields)
        except grpc.aio.AioRpcError as failed:
            return info(failed)
        raise AssertionError(f"{method} was not refused")

    async def claim(self, ticket: str, who: Metadata = RITA) -> review_pb2.Review:
        review: review_pb2.Review = await self.call("ClaimReview", who, ticket=ticket)
        return review

    async def operation(self, name: str, who: Metadata = ACME) -> operations_pb2.Operation:
        request = operations_pb2.GetOperationRequest(name=name)
        return await self.operations.GetOperation(request, metadata=who, timeout=SECONDS)

    async def wait(self, name: str) -> operations_pb2.Operation:
        request = operations_pb2.WaitOperationRequest(name=name, timeout=Duration(seconds=int(SECONDS)))
        return await self.operations.WaitOperation(request, metadata=ACME, timeout=2 * SECONDS)

    async def trail(self) -> list[audit_service_pb2.AuditEntry]:
        request = audit_service_pb2.ListAuditEntriesRequest()
        response = await self.audit.ListAuditEntries(request, metadata=ACME, timeout=SECONDS)
        return list(response.entries)


def outcome_of(operation: operations_pb2.Operation) -> outcome_pb2.Outcome:
    response = AnswerResponse()
    assert operation.response.Unpack(response), operation
    return response.outcome


def state_of(operation: operations_pb2.Operation) -> str:
    found = AnswerOperationMetadata()
    assert operation.metadata.Unpack(found)
    return AnswerOperationMetadata.State.Name(found.state).removeprefix("STATE_")


def name_of(review: review_pb2.Review) -> str:
    return review_pb2.Review.State.Name(review.state).removeprefix("STATE_")


@asynccontextmanager
async def reviewing(
    serve: Serve, policy: Callable[[Policy], Policy] | None = None, *sentences: str, **served: Any
) -> AsyncIterator[Desk]:
    """Serve a route whose answers wait, over one document."""
    queue = served.pop("queue", IDLE)
    generator = served.pop("generator", None) or ScriptedGenerator(script(*sentences))
    async with serve(generator, policy=policy or waiting(), queue=queue, reviews=True, **served) as product:
        await ingest(product, ("lambdas", LAMBDAS))
        yield Desk(product)
