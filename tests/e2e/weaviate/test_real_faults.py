"""What the double does in `test_faults.py`, done to a real Weaviate: it must come out as the same causes."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import grpc
import pytest

from groundwire.v1 import (
    cause_pb2,
    document_pb2,
    document_service_pb2,
    retrieval_service_pb2,
)
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions, WriteOptions
from groundwire_server.adapters.store.weaviate.tokens import tenant_name
from tests.contract.stores import REAL, altered, dropped, real_options, secret
from tests.e2e.calls import ACME, SECONDS, answer, info, info_of, ingest
from tests.e2e.conftest import Product
from tests.e2e.weaviate.conftest import Backing
from tests.e2e.weaviate.test_faults import MISCONFIGURED, UNAVAILABLE

pytestmark = pytest.mark.skipif(
    REAL not in os.environ,
    reason="WEAVIATE_HTTP=host:8080 WEAVIATE_GRPC=host:50051 run this over a real Weaviate",
)
LAMBDAS = ("lambdas", "Lambda expressions create anonymous functions.")
TENANT = tenant_name("acme")


@dataclass(frozen=True)
class Operator:
    """Somebody with the key to Weaviate, who does harm to one store."""

    http: aiohttp.ClientSession
    options: WeaviateOptions

    async def sends_to_sleep(self) -> None:
        await self._each("PUT", "/tenants", [{"name": TENANT, "activityStatus": "INACTIVE"}])

    async def removes_the_tenant(self) -> None:
        await self._each("DELETE", "/tenants", [TENANT])

    async def removes_the_collections(self) -> None:
        await self._each("DELETE")

    async def makes_others(self) -> None:
        await self._each("DELETE")
        for name in self._names:
            properties = [{"name": "else", "dataType": ["text"]}]
            tenancy = {"enabled": True}
            body = {"class": name, "multiTenancyConfig": tenancy, "properties": properties, "vectorizer": "none"}
            await self._say("POST", "", body)
        await self._each("POST", "/tenants", [{"name": TENANT}])

    async def lets_nobody_write(self) -> None:
        await self._each("PUT", f"/shards/{TENANT}", {"status": "READONLY"})

    @property
    def _names(self) -> tuple[str, str]:
        return self.options.collection, self.options.documents

    async def _each(self, method: str, path: str = "", body: Any = None) -> None:
        for name in self._names:
            await self._say(method, f"/{name}{path}", body)

    async def _say(self, method: str, path: str, body: Any) -> None:
        async with self.http.request(method, f"/v1/schema{path}", json=body) as response:
            assert response.ok, await response.text()


@asynccontextmanager
async def acting(options: WeaviateOptions) -> AsyncIterator[Operator]:
    headers = {"authorization": f"Bearer {options.api_key.reveal() if options.api_key else None}"}
    async with aiohttp.ClientSession(f"http://{os.environ[REAL]}", headers=headers) as http:
        yield Operator(http, options)


@pytest.fixture
async def options() -> AsyncIterator[WeaviateOptions]:
    made = real_options()
    yield made
    await dropped(made)


async def fails(product: Product, cause: str, reason: str, code: grpc.StatusCode) -> None:
    """Assert what every kind of call ends with."""
    outcome = await answer(product)
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
    calls: list[tuple[Callable[..., Awaitable[Any]], Any]] = [
        (product.retrieval.Retrieve, retrieval_service_pb2.RetrieveRequest(text="lambda expressions")),
        (product.documents.GetDocument, document_service_pb2.GetDocumentRequest(document_id="lambdas")),
        (product.documents.ListDocuments, document_service_pb2.ListDocumentsRequest()),
        (product.documents.DeleteDocument, document_service_pb2.DeleteDocumentRequest(document_id="lambdas")),
        (product.documents.GetCorpusVersion, document_service_pb2.GetCorpusVersionRequest()),
    ]
    for call, request in calls:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call(request, metadata=ACME, timeout=SECONDS)
        assert (failed.value.code(), info(failed.value).reason) == (code, reason)
    (refused,) = await ingest(product, ("other", "Parcels wait."))
    assert (refused.state, info_of(refused.error).reason) == (document_pb2.INGEST_STATE_FAILED, reason)


@pytest.mark.parametrize(
    "begin",
    [Operator.sends_to_sleep, Operator.removes_the_collections, Operator.makes_others],
    ids=["tenant asleep", "missing collection", "schema mismatch"],
)
async def test_what_an_operator_has_changed(
    backed: Backing, options: WeaviateOptions, begin: Callable[[Operator], Awaitable[None]]
) -> None:
    async with backed(options) as product, acting(options) as operator:
        await ingest(product, LAMBDAS)
        await begin(operator)
        await fails(product, *MISCONFIGURED)


async def test_a_tenant_that_an_operator_must_make(backed: Backing, options: WeaviateOptions) -> None:
    options = altered(options, write=WriteOptions(create_tenants=False))
    async with backed(options) as product:
        await fails(product, *MISCONFIGURED)


async def test_a_tenant_that_is_gone_is_a_new_one(backed: Backing, options: WeaviateOptions) -> None:
    async with backed(options) as product, acting(options) as operator:
        await ingest(product, LAMBDAS)
        await operator.removes_the_tenant()
        (stored,) = await ingest(product, LAMBDAS)
        assert stored.state == document_pb2.INGEST_STATE_CREATED
        assert (await answer(product)).WhichOneof("result") == "answered"


async def test_a_wrong_key(backed: Backing, options: WeaviateOptions) -> None:
    if not options.api_key:
        pytest.skip("WEAVIATE_KEY is not set: this Weaviate lets in everybody")
    async with backed(options, {"api_key": secret("wrong")}) as product:
        await fails(product, *MISCONFIGURED)


async def test_nobody_where_it_should_be(backed: Backing, options: WeaviateOptions) -> None:
    async with backed(options, {"http": "127.0.0.1:1", "grpc": "127.0.0.1:2"}) as product:
        await fails(product, *UNAVAILABLE)


async def test_a_read_only_weaviate_answers_and_takes_nothing(backed: Backing, options: WeaviateOptions) -> None:
    async with backed(options) as product, acting(options) as operator:
        await ingest(product, LAMBDAS)
        await operator.lets_nobody_write()
        changed = ("lambdas", "Lambda expressions are something else now.")
        for each in await ingest(product, ("other", "Parcels wait."), changed):
            assert (each.state, info_of(each.error).reason) == (
                document_pb2.INGEST_STATE_FAILED,
                "STORE_MISCONFIGURED",
            )
        delete = document_service_pb2.DeleteDocumentRequest(document_id="lambdas")
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await product.documents.DeleteDocument(delete, metadata=ACME, timeout=SECONDS)
        assert info(failed.value).reason == "STORE_MISCONFIGURED"
        assert (await answer(product)).answered.answer.text == LAMBDAS[1]
