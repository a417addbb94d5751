"""What callers with the right roles can have forgotten of earlier answers, and what an erasure leaves of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
import grpc.aio
import pytest

from groundwire.v1 import document_service_pb2, erasure_pb2
from groundwire.v1.record_service_pb2 import InvalidateAnswersRequest
from groundwire.v1.record_service_pb2_grpc import RecordServiceStub
from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, Invalidation
from groundwire_server.domain.erasure import Forgotten
from tests.doubles.cached_answers import cached, key, passage
from tests.doubles.counts import Counts
from tests.e2e.calls import ACME, ingest
from tests.e2e.conftest import Product, Serve

ANSWERS = {
    key("lambdas"): cached("Yes.", passage("lambdas")),
    key("generators"): cached("Yes.", passage("generators"), passage("lambdas")),
    key("support", route="support"): cached("Yes.", passage("help")),
    key("lambdas", tenant="globex"): cached("Yes.", passage("lambdas")),
}


class AwayCache:
    """A cache that cannot be asked."""

    shared = True

    async def get(self, key: AnswerKey) -> CachedAnswer | None:
        return None

    async def put(self, key: AnswerKey, answer: CachedAnswer, began: float = 0.0) -> None:
        return

    async def forget(self, tenant: str, selection: Invalidation) -> Forgotten:
        return Forgotten(0, complete=False)


@dataclass
class Served:
    """A server, and its cache with the answers."""

    product: Product
    cache: MemoryAnswerCache

    async def left(self) -> list[AnswerKey]:
        return [each for each in ANSWERS if await self.cache.get(each) is not None]

    async def invalidate(self, request: InvalidateAnswersRequest) -> int:
        stub = RecordServiceStub(self.product.channel)
        return int((await stub.InvalidateAnswers(request, metadata=ACME)).count)


@pytest.fixture
async def served(serve: Serve) -> AsyncIterator[Served]:
    cache = MemoryAnswerCache(AnswerCacheOptions(), SystemClock(), Counts())
    for each, answer in ANSWERS.items():
        await cache.put(each, answer)
    async with serve(answer_cache=cache) as product:
        yield Served(product, cache)


@pytest.mark.parametrize(
    ("request_", "left"),
    [
        (InvalidateAnswersRequest(document_id="lambdas"), "support lambdas"),
        (InvalidateAnswersRequest(document_id="help"), "lambdas generators lambdas"),
        (InvalidateAnswersRequest(document_id="unheard"), "lambdas generators support lambdas"),
        (InvalidateAnswersRequest(route="support"), "lambdas generators lambdas"),
        (InvalidateAnswersRequest(tenant=erasure_pb2.EntireTenant()), "lambdas"),
    ],
)
async def test_answers_of_the_callers_tenant_are_forgotten_as_selected(
    served: Served, request_: InvalidateAnswersRequest, left: str
) -> None:
    assert await served.invalidate(request_) == len(ANSWERS) - len(left.split())
    assert [each.digest.decode() for each in await served.left()] == left.split()
    assert await served.invalidate(request_) == 0


@pytest.mark.parametrize(
    ("cache", "code"), [(None, None), (AwayCache(), grpc.StatusCode.UNAVAILABLE)], ids=["none", "away"]
)
async def test_a_server_that_keeps_none_forgets_none_and_one_that_cannot_ask_says_so(
    serve: Serve, cache: AwayCache | None, code: grpc.StatusCode | None
) -> None:
    async with serve(answer_cache=cache) as product:
        call = RecordServiceStub(product.channel).InvalidateAnswers(
            InvalidateAnswersRequest(route="support"), metadata=ACME
        )
        assert await call.code() is (code or grpc.StatusCode.OK)


async def erased(product: Product, target: erasure_pb2.ErasureTarget) -> erasure_pb2.ErasureReceipt:
    request = document_service_pb2.EraseDocumentsRequest(target=target, force=True)
    return (await product.documents.EraseDocuments(request, metadata=ACME)).receipt


def place(receipt: erasure_pb2.ErasureReceipt) -> erasure_pb2.ErasedPlace:
    kind = erasure_pb2.ErasedPlaceKind.ERASED_PLACE_KIND_CACHED_ANSWERS
    (found,) = [each for each in receipt.places if each.kind == kind]
    return found


async def test_an_erased_document_leaves_no_answer_that_cites_or_shows_it(served: Served) -> None:
    await ingest(served.product, ("lambdas", "Lambda expressions create anonymous functions."))
    receipt = await erased(served.product, erasure_pb2.ErasureTarget(document_id="lambdas"))
    assert receipt.complete
    assert place(receipt).count == 2
    assert await served.left() == [key("support", route="support"), key("lambdas", tenant="globex")]


async def test_an_erasure_that_cannot_ask_the_cache_is_not_complete(serve: Serve) -> None:
    async with serve(answer_cache=AwayCache()) as product:
        receipt = await erased(product, erasure_pb2.ErasureTarget(tenant=erasure_pb2.EntireTenant()))
        assert not receipt.complete
        assert not place(receipt).complete
