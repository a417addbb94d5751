"""Erasing what came of questions, over gRPC, from real records."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest

from groundwire.v1 import document_service_pb2
from groundwire.v1.erasure_pb2 import EntireTenant, ErasedPlaceKind, ErasureReceipt, ErasureTarget
from groundwire.v1.record_service_pb2 import EraseRecordsRequest
from groundwire.v1.record_service_pb2_grpc import RecordServiceStub
from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.adapters.records.opening import OpenedRecords, opened_records
from groundwire_server.adapters.records.operations.sql import SqlOperationRecords
from groundwire_server.adapters.records.operations.sweeping import KeepTimes
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.operation import Bill, OperationKey, QueuedQuestion
from groundwire_server.domain.question import Question
from groundwire_server.edge.convert.erasure import content_hash
from groundwire_server.ports.operations import QueueBounds
from tests.doubles.cached_answers import cached, key, passage
from tests.doubles.counts import Counts
from tests.e2e.calls import ACME, ingest
from tests.e2e.conftest import Product, Serve

KEEP = KeepTimes(timedelta(days=1), timedelta(days=1), timedelta(days=1))
OPERATIONS = ErasedPlaceKind.ERASED_PLACE_KIND_OPERATIONS
CACHED = ErasedPlaceKind.ERASED_PLACE_KIND_CACHED_ANSWERS


@dataclass
class Served:
    """A server with records, and two questions of the subject `ann` in them.

    Attributes:
        keys: of the questions: one that waits, and one whose answer cites the document `lambdas`.
    """

    product: Product
    queue: SqlOperationRecords
    keys: list[OperationKey] = field(default_factory=list)

    async def put(self, number: int, *documents: str) -> None:
        key = OperationKey("acme", "ann", f"{number:032x}")
        now = SystemClock().today()
        question = Question("default", "Who signs?", f"r{number}", end_user_id=f"visitor-{number}")
        work = QueuedQuestion(question, Caller("acme", "ann"), b"same", None, now, now + timedelta(hours=1))
        await self.queue.accept(key, work, QueueBounds(10, 10, 1_000_000))
        self.keys.append(key)
        if documents:
            claim = await self.queue.claim("w1", 30)
            assert claim is not None
            assert await self.queue.complete(claim, b"an answer", Bill(), documents)

    async def left(self) -> list[str]:
        """Return what is left of each question."""
        found = [await self.queue.get(key) for key in self.keys]
        return ["gone" if each is None else (each.error or each.state).value for each in found]

    async def erase(self, target: ErasureTarget) -> ErasureReceipt:
        stub = RecordServiceStub(self.product.channel)
        return (await stub.EraseRecords(EraseRecordsRequest(target=target), metadata=ACME)).receipt


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[OpenedRecords]:
    async with opened_records(RecordsOptions(url=f"sqlite:///{tmp_path}/records.sqlite3")) as opened:
        yield opened


@pytest.fixture
async def served(serve: Serve, records: OpenedRecords) -> AsyncIterator[Served]:
    cache = MemoryAnswerCache(AnswerCacheOptions(), SystemClock(), Counts())
    await cache.put(key("lambdas"), cached("Yes.", passage("lambdas")))
    queue = SqlOperationRecords(records.database, records.sealing, CODEC, SystemClock(), attempts=3, keep=KEEP)
    async with serve(records=records, answer_cache=cache) as product:
        served = Served(product, queue)
        await served.put(1, "lambdas")
        await served.put(2)
        yield served


def count(receipt: ErasureReceipt, kind: "ErasedPlaceKind.ValueType") -> int:
    return sum(place.count for place in receipt.places if place.kind == kind)


@pytest.mark.parametrize(
    ("target", "left", "operations", "answers"),
    [
        (ErasureTarget(subject="ann"), ["gone", "gone"], 2, 0),
        (ErasureTarget(subject="bea"), ["DONE", "QUEUED"], 0, 0),
        (ErasureTarget(end_user_id="visitor-2"), ["DONE", "ERASED"], 1, 0),
        (ErasureTarget(document_id="lambdas"), ["ERASED", "QUEUED"], 1, 1),
        (ErasureTarget(tenant=EntireTenant()), ["gone", "gone"], 2, 1),
    ],
)
async def test_what_a_target_names_is_erased_and_the_receipt_says_so(
    served: Served, target: ErasureTarget, left: list[str], operations: int, answers: int
) -> None:
    receipt = await served.erase(target)
    assert receipt.complete
    assert (count(receipt, OPERATIONS), count(receipt, CACHED)) == (operations, answers)
    assert (receipt.target, receipt.tenant, receipt.corpus_version) == (target, "acme", "")
    assert receipt.content_hash == content_hash(receipt)
    assert await served.left() == left


async def test_an_erased_document_leaves_no_queued_answer_that_cites_it(served: Served) -> None:
    await ingest(served.product, ("lambdas", "Lambda expressions create anonymous functions."))
    target = ErasureTarget(document_id="lambdas")
    request = document_service_pb2.EraseDocumentsRequest(target=target, force=True)
    receipt = (await served.product.documents.EraseDocuments(request, metadata=ACME)).receipt
    assert count(receipt, OPERATIONS) == 1
    assert await served.left() == ["ERASED", "QUEUED"]


@pytest.mark.parametrize("target", [ErasureTarget(subject="ann"), ErasureTarget(end_user_id="visitor-1")])
async def test_a_subject_names_no_document(served: Served, target: ErasureTarget) -> None:
    request = document_service_pb2.EraseDocumentsRequest(target=target, force=True)
    call = served.product.documents.EraseDocuments(request, metadata=ACME)
    assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_server_that_keeps_nothing_does_not_offer_it(serve: Serve) -> None:
    async with serve() as product:
        request = EraseRecordsRequest(target=ErasureTarget(subject="ann"))
        call = RecordServiceStub(product.channel).EraseRecords(request, metadata=ACME)
        assert await call.code() is grpc.StatusCode.UNIMPLEMENTED
