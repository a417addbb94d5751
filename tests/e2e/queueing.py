"""A server with a queue of SQLite that the test works off by hand."""

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.duration_pb2 import Duration

from groundwire.v1 import answer_service_pb2, operation_service_pb2
from groundwire.v1.operation_service_pb2_grpc import OperationServiceStub
from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.app.configuration.models.queue import QueueConfig
from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.domain.failure import Fault
from groundwire_server.domain.operation import Bill, Claim
from groundwire_server.domain.outcome import FailedSafe, Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Action, Cause, NextStep, OperationState
from groundwire_server.edge.queue import QueuedAnswers
from groundwire_server.options.secret import Secret
from groundwire_server.ports.operations import RecordsError, ended
from groundwire_server.work.webhooks import WebhookOptions
from tests.e2e.calls import ACME, SECONDS, question
from tests.e2e.conftest import Product, Serve

WEBHOOK_SECRET = f"whsec_{'A' * 32}"
GIVEN_UP = Outcome(FailedSafe(retryable=False), Cause.INTERNAL, Action.FAIL_SAFE, NextStep.DO_NOT_RETRY)

Metadata = tuple[tuple[str, str], ...]

_OURS = {"WatchOperation", "RequeueOperation"}
NAMING: Mapping[str, Any] = {
    "GetOperation": operations_pb2.GetOperationRequest,
    "WaitOperation": operations_pb2.WaitOperationRequest,
    "CancelOperation": operations_pb2.CancelOperationRequest,
    "DeleteOperation": operations_pb2.DeleteOperationRequest,
    "WatchOperation": operation_service_pb2.WatchOperationRequest,
    "RequeueOperation": operation_service_pb2.RequeueOperationRequest,
}
"""Every call that names an operation."""


class CountedWakeups(MemoryWakeups):
    """Wake-ups that a test can count the waiting of, and lose."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = False

    def wake(self, topic: str) -> None:
        """Wake those that wait for a topic, unless wake-ups are lost."""
        if not self.lost:
            super().wake(topic)

    @property
    def waiting(self) -> int:
        """How many subscriptions there are."""
        return sum(map(len, self._subscriptions.values()))


class _Down(Fault):
    UNREACHABLE = ("The database cannot be reached",)


class UnreachableRecords:
    """Records that cannot be asked anything."""

    def __getattr__(self, name: str) -> Any:
        async def fail(*given: object) -> NoReturn:
            raise RecordsError(_Down.UNREACHABLE)

        return fail


@dataclass
class Queue:
    """A server with a queue.

    Attributes:
        records: its rows; an operation has one attempt until it is halted.
    """

    product: Product

    def __post_init__(self) -> None:
        assert self.product.queue is not None
        self.records, self._accepted = self.product.queue.records, self.product.queue.accepted
        self.wakeups = CountedWakeups()
        self.operations = OperationsStub(self.product.channel)
        self.service: Any = OperationServiceStub(self.product.channel)

    async def submit(self, metadata: Metadata = ACME, **given: Any) -> operations_pb2.Operation:
        asked = given.pop("question", None) or question()
        request = answer_service_pb2.SubmitAnswerRequest(question=asked, **given)
        return await self.product.answers.SubmitAnswer(request, metadata=metadata, timeout=SECONDS)

    async def get(self, name: str, metadata: Metadata = ACME) -> operations_pb2.Operation:
        return await self.call("GetOperation", name, metadata)

    async def wait(self, name: str, *, within: Duration | None = None, seconds: float = 60.0) -> Any:
        request = operations_pb2.WaitOperationRequest(name=name, timeout=within)
        return await self.operations.WaitOperation(request, metadata=ACME, timeout=seconds)

    async def call(self, method: str, name: str, metadata: Metadata = ACME) -> Any:
        """Make a call that names an operation; the responses of a stream come as a list."""
        request = NAMING[method](name=name)
        stub = self.service if method in _OURS else self.operations
        call = getattr(stub, method)(request, metadata=metadata, timeout=SECONDS)
        return [event async for event in call] if method == "WatchOperation" else await call

    async def list(self, metadata: Metadata = ACME, **given: Any) -> operations_pb2.ListOperationsResponse:
        request = operations_pb2.ListOperationsRequest(**{"name": "operations", **given})
        return await self.operations.ListOperations(request, metadata=metadata, timeout=SECONDS)

    async def begin(self) -> Claim:
        """Take up the next operation, as a worker would."""
        claim = await self.records.claim("worker-1", 30.0)
        assert claim is not None
        return claim

    async def answer(self, claim: Claim) -> None:
        """End an operation with an outcome, and wake those that wait for it."""
        assert await self.records.complete(claim, CODEC.encode_outcome(GIVEN_UP), Bill(), ())
        await self.wakeups.notify(ended(claim.key.operation_id))

    async def halt(self, claim: Claim) -> None:
        """Use up the attempts of an operation."""
        assert await self.records.retry(claim, Cause.MODEL_UNAVAILABLE, 1.0, Bill())

    async def bring(self, state: OperationState) -> None:
        """Bring the one operation that waits to a state."""
        if state is OperationState.QUEUED:
            return
        claim = await self.begin()
        if state is OperationState.HALTED:
            await self.halt(claim)
        if state is OperationState.DONE:
            await self.answer(claim)

    def disconnect(self) -> None:
        """Have the records say that they cannot be asked."""
        away: Any = UnreachableRecords()
        self._serve(QueuedAnswers(replace(self._accepted, records=away), away, self.wakeups))

    def connect(self) -> None:
        """Serve calls with the queue."""
        self._serve(QueuedAnswers(self._accepted, self.records, self.wakeups))

    def _serve(self, queue: QueuedAnswers) -> None:
        self.product.current.snapshot = replace(self.product.current.snapshot, queue=queue)


def webhooks_of(tenant: str) -> WebhookOptions:
    """Options by which this tenant alone may have an address told."""
    secret = Secret("env://HOOKS", f"whsec_{b64encode(bytes(32)).decode()}")
    return WebhookOptions.model_validate({"hosts": ("hooks.example",), "secrets": {tenant: secret}})


def _queueing(policy: Policy) -> Policy:
    return replace(policy, queue=True)


@asynccontextmanager
async def queueing(serve: Serve, **served: Any) -> AsyncIterator[Queue]:
    """A server whose queue nothing works off."""
    options = QueueConfig(concurrent=0, attempts=1, webhooks=webhooks_of("acme"))
    async with serve(policy=_queueing, queue=options, **served) as product:
        queue = Queue(product)
        queue.connect()
        yield queue
