"""Whatever goes wrong with Weaviate is an outcome with a cause, or a status with a reason; never a word of its own."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import grpc
import pytest

from groundwire.v1 import (
    cause_pb2,
    document_pb2,
    document_service_pb2,
    outcome_pb2,
    retrieval_service_pb2,
)
from groundwire_server.adapters.store.weaviate.options import WriteOptions
from tests.contract.stores import altered, weaviate_options
from tests.doubles.time import waiting_skipped
from tests.doubles.weaviate.server import FakeWeaviate
from tests.doubles.weaviate.service import World
from tests.e2e.calls import ACME, SECONDS, answer, info, info_of, ingest, stream
from tests.e2e.conftest import Product
from tests.e2e.weaviate.conftest import Backing, OverDouble

PRIVATE = "a-private-name"


@dataclass(frozen=True)
class Fault:
    """How the double goes wrong, and what callers are told."""

    begin: Callable[[World], None]
    cause: str
    reason: str
    code: grpc.StatusCode
    seconds: float = SECONDS


def _away(world: World) -> None:
    world.unavailable = 1_000_000


def _slow(world: World) -> None:
    world.delay = 60.0


def _another_key(world: World) -> None:
    world.key = "another"


def _without_tenant(world: World) -> None:
    for collection in world.collections.values():
        for tenant in collection.tenants.values():
            tenant.active = False


def _without_collections(world: World) -> None:
    world.collections.clear()


def _another_schema(world: World) -> None:
    for collection in world.collections.values():
        collection.definition["properties"] = [
            each for each in collection.definition["properties"] if each["name"] not in {"text", "about", "version"}
        ]


def _says(code: grpc.StatusCode, sentence: str) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.says_always = (code, sentence)

    return begin


UNAVAILABLE = ("STORE_UNAVAILABLE", "STORE_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE)
MISCONFIGURED = ("STORE_MISCONFIGURED", "STORE_MISCONFIGURED", grpc.StatusCode.FAILED_PRECONDITION)
FAULTS = {
    "unavailable": Fault(_away, *UNAVAILABLE),
    "slow": Fault(_slow, "STORE_TIMEOUT", "STORE_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE, 8.0),
    "short of memory": Fault(_says(grpc.StatusCode.UNKNOWN, f"{PRIVATE}: not enough memory"), *UNAVAILABLE),
    "wrong API key": Fault(_another_key, *MISCONFIGURED),
    "role without rights": Fault(_says(grpc.StatusCode.PERMISSION_DENIED, PRIVATE), *MISCONFIGURED),
    "tenant asleep": Fault(_without_tenant, *MISCONFIGURED),
    "missing collection": Fault(_without_collections, *MISCONFIGURED),
    "schema mismatch": Fault(_another_schema, *MISCONFIGURED),
}


@pytest.fixture(params=list(FAULTS))
async def fault(request: pytest.FixtureRequest, over_double: OverDouble) -> AsyncIterator[Fault]:
    await ingest(over_double.product, ("lambdas", "Lambda expressions create anonymous functions."))
    over_double.world.calls.clear()
    chosen = FAULTS[request.param]
    chosen.begin(over_double.world)
    with waiting_skipped():
        yield chosen


async def test_an_answer_is_an_outcome_with_the_cause(over_double: OverDouble, fault: Fault) -> None:
    outcome = await answer(over_double.product, seconds=fault.seconds)
    assert outcome.WhichOneof("result") == "failed_safe"
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{fault.cause}"
    assert over_double.product.generator.requests == []
    retried = outcome.next_step == outcome_pb2.NEXT_STEP_RETRY_AFTER
    assert retried is (fault.cause != "STORE_MISCONFIGURED")


async def test_a_stream_ends_with_it(over_double: OverDouble, fault: Fault) -> None:
    *_, last = await stream(over_double.product, seconds=fault.seconds)
    assert cause_pb2.Cause.Name(last.outcome.cause) == f"CAUSE_{fault.cause}"


async def test_a_search_alone_is_a_status_with_the_reason(over_double: OverDouble, fault: Fault) -> None:
    request = retrieval_service_pb2.RetrieveRequest(text="lambda expressions")
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await over_double.product.retrieval.Retrieve(request, metadata=ACME, timeout=fault.seconds)
    assert (failed.value.code(), info(failed.value).reason) == (fault.code, fault.reason)
    assert PRIVATE not in str(failed.value)
    assert PRIVATE not in over_double.product.spans.everything()


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("GetDocument", document_service_pb2.GetDocumentRequest(document_id="lambdas")),
        ("ListDocuments", document_service_pb2.ListDocumentsRequest()),
        ("DeleteDocument", document_service_pb2.DeleteDocumentRequest(document_id="lambdas")),
        ("GetCorpusVersion", document_service_pb2.GetCorpusVersionRequest()),
    ],
)
async def test_the_document_calls_are_too(over_double: OverDouble, fault: Fault, name: str, request_: object) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await getattr(over_double.product.documents, name)(request_, metadata=ACME, timeout=fault.seconds)
    if fault.seconds < SECONDS and failed.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return
    assert (failed.value.code(), info(failed.value).reason) == (fault.code, fault.reason)
    assert PRIVATE not in str(failed.value)


async def test_an_ingested_document_says_what_was_wrong_with_it(over_double: OverDouble) -> None:
    product = over_double.product
    over_double.world.says_always = (grpc.StatusCode.PERMISSION_DENIED, PRIVATE)
    failed, again = await ingest(product, ("a", "Parcels wait."), ("b", "Letters wait."))
    for each in (failed, again):
        assert each.state == document_pb2.INGEST_STATE_FAILED
        assert info_of(each.error).reason == "STORE_MISCONFIGURED"
        assert PRIVATE not in str(each)


async def test_one_refused_document_holds_up_no_other(over_double: OverDouble) -> None:
    product = over_double.product
    await ingest(product, ("a", "Parcels wait."))
    over_double.world.refusals = ["not enough memory"]
    states = [each.state for each in await ingest(product, ("b", "Letters wait."), ("c", "Boxes wait."))]
    assert states == [document_pb2.INGEST_STATE_FAILED, document_pb2.INGEST_STATE_CREATED]


async def test_a_read_only_weaviate_answers_and_takes_nothing(over_double: OverDouble) -> None:
    product = over_double.product
    await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
    for collection in over_double.world.collections.values():
        collection.read_only = True
    (refused,) = await ingest(product, ("other", "Parcels wait."))
    assert (refused.state, info_of(refused.error).reason) == (document_pb2.INGEST_STATE_FAILED, "STORE_MISCONFIGURED")
    assert (await answer(product)).WhichOneof("result") == "answered"


async def test_a_tenant_that_an_operator_must_make(backed: Backing, double: FakeWeaviate) -> None:
    options = weaviate_options(double)
    async with backed(altered(options, write=WriteOptions(create_tenants=False))) as product:
        outcome = await answer(product)
        assert outcome.cause == cause_pb2.CAUSE_STORE_MISCONFIGURED
        (refused,) = await ingest(product, ("lambdas", "Lambda expressions."))
        assert info_of(refused.error).reason == "STORE_MISCONFIGURED"


async def test_it_goes_on_when_the_fault_is_over(over_double: OverDouble) -> None:
    product: Product = over_double.product
    await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
    over_double.world.unavailable = 1_000_000
    assert (await answer(product)).cause == cause_pb2.CAUSE_STORE_UNAVAILABLE
    over_double.world.unavailable = 0
    assert (await answer(product)).WhichOneof("result") == "answered"
