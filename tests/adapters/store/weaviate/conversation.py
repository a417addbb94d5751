"""What the adapter asks of Weaviate, asked bare, so that two servers' answers can be compared field by field."""

import re
import uuid
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from struct import pack
from typing import Any

import aiohttp
import grpc
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from weaviate.proto.v1 import (
    aggregate_pb2,
    base_pb2,
    base_search_pb2,
    batch_delete_pb2,
    batch_pb2,
    search_get_pb2,
    tenants_pb2,
    weaviate_pb2_grpc,
)

from groundwire_server.adapters.store.weaviate.options import VectorSource, WeaviateOptions
from groundwire_server.adapters.store.weaviate.schema import definition, wanted

NAME = "Conversation"
IDS = [str(uuid.UUID(f"8{number:031x}")) for number in range(1, 6)]
"""Full to the first byte: Weaviate up to 1.36 cuts leading zeros off an id's bytes, of the same number."""
_NUMBER = re.compile(r"(?<=score )-?\d+(?:\.\d+)?(?:e-?\d+)?|(?<=score: )-?\d+(?:\.\d+)?(?:e-?\d+)?")

_REFUSED = 400

Filters = base_pb2.Filters


@dataclass(frozen=True, slots=True)
class Server:
    """One that listens: the double, or the real one."""

    http: str
    grpc: str
    key: str


async def held_with(server: Server) -> dict[str, Any]:
    """The shapes of all answers: fields that are set, flags by value, text and numbers by kind."""
    shapes: dict[str, Any] = {}
    async with (
        aiohttp.ClientSession(f"http://{server.http}", headers={"authorization": f"Bearer {server.key}"}) as http,
        aiohttp.ClientSession(f"http://{server.http}", headers={"authorization": "Bearer wrong"}) as stranger,
        grpc.aio.insecure_channel(server.grpc) as channel,
    ):
        stub = weaviate_pb2_grpc.WeaviateStub(channel)  # type: ignore[no-untyped-call]
        for name in (NAME, f"{NAME}Documents", "Nowhere"):
            await _rest(http, "DELETE", f"/v1/schema/{name}")
        shapes["rest"] = await _schema(http, stranger)
        shapes["grpc"] = await _calls(stub, server.key)
        shapes["patch"] = {
            "of one that is there": await _rest(http, "PATCH", f"/v1/objects/{NAME}/{IDS[0]}", _patch("t1", IDS[0])),
            "of none": await _rest(http, "PATCH", f"/v1/objects/{NAME}/{IDS[4]}", _patch("t1", IDS[4])),
            "without its tenant": await _rest(http, "PATCH", f"/v1/objects/{NAME}/{IDS[0]}", _patch("t2", IDS[0])),
        }
        shapes["grpc"] |= {f"{name} after": shape for name, shape in (await _after(stub, server.key)).items()}
        shapes["delete"] = {
            "of one that is there": await _rest(http, "DELETE", f"/v1/objects/{NAME}/{IDS[1]}?tenant=t1"),
            "of none": await _rest(http, "DELETE", f"/v1/objects/{NAME}/{IDS[1]}?tenant=t1"),
        }
        for name in (NAME, f"{NAME}Documents"):
            await _rest(http, "DELETE", f"/v1/schema/{name}")
    return shapes


async def _schema(http: aiohttp.ClientSession, stranger: aiohttp.ClientSession) -> dict[str, Any]:
    chunks, documents = wanted(
        WeaviateOptions(http="localhost:1", grpc="localhost:2", collection=NAME), VectorSource("axes", 2)
    )
    return {
        "meta": await _rest(http, "GET", "/v1/meta", only=("version", "grpcMaxMessageSize")),
        "meta with a wrong key": await _rest(stranger, "GET", "/v1/meta"),
        "ready": await _rest(http, "GET", "/v1/.well-known/ready"),
        "openid": await _rest(http, "GET", "/v1/.well-known/openid-configuration"),
        "no collection": await _rest(http, "GET", f"/v1/schema/{NAME}"),
        "tenants of no collection": await _rest(http, "POST", f"/v1/schema/{NAME}/tenants", [{"name": "t1"}]),
        "create": (await _rest(http, "POST", "/v1/schema", definition(chunks)))["status"],
        "create again": await _rest(http, "POST", "/v1/schema", definition(chunks)),
        "collection": await _rest(http, "GET", f"/v1/schema/{NAME}"),
        "create without vectors": (await _rest(http, "POST", "/v1/schema", definition(documents)))["status"],
        "collection without vectors": await _rest(http, "GET", f"/v1/schema/{documents.name}"),
        "tenants": await _rest(http, "POST", f"/v1/schema/{NAME}/tenants", [{"name": "t1"}]),
        "tenants again": await _rest(http, "POST", f"/v1/schema/{NAME}/tenants", [{"name": "t1"}]),
        "tenants without vectors": await _rest(http, "POST", f"/v1/schema/{documents.name}/tenants", [{"name": "t1"}]),
        "a tenant of a bad name": await _rest(http, "POST", f"/v1/schema/{NAME}/tenants", [{"name": "t 1"}]),
    }


async def _calls(stub: Any, key: str) -> dict[str, Any]:
    search, fetch = search_get_pb2.SearchRequest, _fetch
    asked: dict[str, Awaitable[Any]] = {
        "batch": _said(stub.BatchObjects, _batch("t1"), key),
        "batch for no tenant": _said(stub.BatchObjects, _batch("t2"), key),
        "batch with a vector of another length": _said(stub.BatchObjects, _batch("t1", vector=(1.0, 0.0, 0.0)), key),
        "batch with a wrong type": _said(stub.BatchObjects, _batch("t1", revision="x"), key),
        "fetch": _said(stub.Search, fetch(filters=_has_ids(*IDS[:2])), key),
        "fetch of nothing": _said(stub.Search, fetch(filters=_has_ids(IDS[4])), key),
        "fetch for no tenant": _said(stub.Search, fetch("t2"), key),
        "fetch from no collection": _said(stub.Search, fetch(collection="Nowhere"), key),
        "by keyword for no tenant": _said(stub.Search, _asked(search(bm25_search=_keywords()), tenant="t2"), key),
        "by vector for no tenant": _said(stub.Search, _asked(search(near_vector=_near()), tenant="t2"), key),
        "by both for no tenant": _said(stub.Search, _asked(search(hybrid_search=_hybrid()), tenant="t2"), key),
        "fetch with a wrong key": _said(stub.Search, fetch(), "wrong"),
        "any of": _said(stub.Search, fetch(filters=_facts("OPERATOR_CONTAINS_ANY", "a", "x")), key),
        "all of": _said(stub.Search, fetch(filters=_facts("OPERATOR_CONTAINS_ALL", "a", "b")), key),
        "not": _said(stub.Search, fetch(filters=_none_of("a")), key),
        "another body": _said(stub.Search, fetch(filters=_body_is_none_of("x")), key),
        "after an id": _said(stub.Search, _cursor(IDS[0]), key),
        "changes": _said(stub.BatchObjects, _changes(), key),
        "changes that broke off": _said(stub.Search, _broken_off(5.0), key),
        "tenants": _said(stub.TenantsGet, tenants_pb2.TenantsGetRequest(collection=NAME), key),
        "tenants of no collection": _said(stub.TenantsGet, tenants_pb2.TenantsGetRequest(collection="Nowhere"), key),
        "after, in order": _said(stub.Search, _sorted("OPERATOR_GREATER_THAN", "b1", ascending=True), key),
        "before, in reverse": _said(stub.Search, _sorted("OPERATOR_LESS_THAN", "d4", ascending=False), key),
        "count": _said(stub.Aggregate, _count(_facts("OPERATOR_CONTAINS_ANY", "a", "x")), key),
        "count of nothing": _said(stub.Aggregate, _count(_facts("OPERATOR_CONTAINS_ANY", "x")), key),
        "count for no tenant": _said(stub.Aggregate, _count(_has_ids(IDS[0]), tenant="t2"), key),
        "count in no collection": _said(stub.Aggregate, _count(_has_ids(IDS[0]), collection="Nowhere"), key),
        "by keyword": _said(stub.Search, _asked(search(bm25_search=_keywords()), "score"), key),
        "by vector": _said(stub.Search, _asked(search(near_vector=_near()), vectors=True), key),
        "by both": _said(
            stub.Search, _asked(search(hybrid_search=_hybrid()), "score", "explain_score", vectors=True), key
        ),
        "by a vector of another length": _said(stub.Search, _asked(search(near_vector=_near(1.0, 0.0, 0.0))), key),
        "by an unknown vector": _said(stub.Search, _asked(search(near_vector=_near(name="nowhere"))), key),
    }
    answers = {name: await answer for name, answer in asked.items()}
    for name in ("fetch", "any of", "all of", "not"):
        # Without an order of its own it is the order of writing, in which Weaviate counts broken attempts too.
        answers[name]["results"].sort(key=lambda found: found["metadata"]["id"])
    # Both legs look at the same time and the first that fails speaks: only what each would say is compared.
    of_either = answers["by both for no tenant"]
    of_either["details"] = of_either["details"].rpartition(" at ")[2]
    return answers


async def _after(stub: Any, key: str) -> dict[str, Any]:
    asked: dict[str, Awaitable[Any]] = {
        "fetch": _said(stub.Search, _fetch(filters=_has_ids(IDS[0])), key),
        "delete": _said(stub.BatchDelete, _delete("t1"), key),
        "delete again": _said(stub.BatchDelete, _delete("t1"), key),
        "delete for no tenant": _said(stub.BatchDelete, _delete("t2"), key),
        "delete from no collection": _said(stub.BatchDelete, _delete("t1", "Nowhere"), key),
    }
    return {name: await answer for name, answer in asked.items()}


def _batch(
    tenant: str, *, vector: tuple[float, ...] = (1.0, 0.0), revision: float | str = 1
) -> batch_pb2.BatchObjectsRequest:
    struct = Struct()
    struct.update(
        {
            "document": "d",
            "body": "x",
            "revision": revision,
            "text": "A\x00 parcel",
            "terms": "parcel wait",
            "chunk": "b2",
        }
    )
    whole = batch_pb2.BatchObject(
        collection=NAME,
        tenant=tenant,
        uuid=IDS[0],
        vectors=[base_pb2.Vectors(name="text", vector_bytes=_packed(*vector))],
        properties=batch_pb2.BatchObject.Properties(
            non_ref_properties=struct,
            text_array_properties=[base_pb2.TextArrayProperties(prop_name="facts", values=["a", "b"])],
        ),
    )
    bare = Struct()
    bare.update({"document": "e", "body": "y", "revision": 2, "terms": "parcel", "chunk": "c3"})
    other = batch_pb2.BatchObject(
        collection=NAME,
        tenant=tenant,
        uuid=IDS[1],
        properties=batch_pb2.BatchObject.Properties(non_ref_properties=bare, empty_list_props=["facts"]),
    )
    objects = [whole] if revision != 1 or len(vector) != 2 else [whole, other]
    return batch_pb2.BatchObjectsRequest(objects=objects)


def _fetch(
    tenant: str = "t1", *, filters: Filters | None = None, collection: str = NAME
) -> search_get_pb2.SearchRequest:
    request = search_get_pb2.SearchRequest(filters=filters)
    return _asked(request, tenant=tenant, collection=collection)


def _asked(
    request: search_get_pb2.SearchRequest,
    *metadata: str,
    vectors: bool = False,
    tenant: str = "t1",
    collection: str = NAME,
) -> search_get_pb2.SearchRequest:
    request.collection, request.tenant, request.limit = collection, tenant, 5
    request.uses_123_api = request.uses_125_api = request.uses_127_api = True
    request.metadata.uuid = True
    for name in metadata:
        setattr(request.metadata, name, True)
    if vectors:
        request.metadata.vectors.append("text")
    request.properties.non_ref_properties.extend(
        ["document"] if collection != NAME else ["document", "revision", "text", "facts", "spans"]
    )
    return request


def _sorted(operator: str, chunk: str, *, ascending: bool) -> search_get_pb2.SearchRequest:
    request = _fetch(filters=_on("chunk", operator, value_text=chunk))
    request.sort_by.append(search_get_pb2.SortBy(ascending=ascending, path=["chunk"]))
    return request


def _count(filters: Filters, *, tenant: str = "t1", collection: str = NAME) -> aggregate_pb2.AggregateRequest:
    return aggregate_pb2.AggregateRequest(collection=collection, tenant=tenant, filters=filters, objects_count=True)


def _keywords() -> base_search_pb2.BM25:
    return base_search_pb2.BM25(query="parcel wait", properties=["terms^2", "title_terms"])


def _near(*vector: float, name: str = "text") -> base_search_pb2.NearVector:
    return base_search_pb2.NearVector(
        vectors=[
            base_pb2.Vectors(
                vector_bytes=_packed(*(vector or (1.0, 0.0))), type=base_pb2.Vectors.VECTOR_TYPE_SINGLE_FP32
            )
        ],
        targets=base_search_pb2.Targets(target_vectors=[name]),
    )


def _hybrid() -> base_search_pb2.Hybrid:
    return base_search_pb2.Hybrid(
        query="parcel wait",
        properties=["terms"],
        # Before 1.36.6 Weaviate knows the first alone.
        alpha=0.5,
        alpha_param=0.5,
        use_alpha_param=True,
        fusion_type=base_search_pb2.Hybrid.FUSION_TYPE_RELATIVE_SCORE,
        vector_bytes=_packed(1.0, 0.0),
        targets=base_search_pb2.Targets(target_vectors=["text"]),
    )


def _delete(tenant: str, collection: str = NAME) -> batch_delete_pb2.BatchDeleteRequest:
    return batch_delete_pb2.BatchDeleteRequest(
        collection=collection, tenant=tenant, filters=_on("document", "OPERATOR_EQUAL", value_text="d")
    )


def _has_ids(*ids: str) -> Filters:
    return _on("_id", "OPERATOR_CONTAINS_ANY", value_text_array=base_pb2.TextArray(values=ids))


def _facts(operator: str, *values: str) -> Filters:
    return _on("facts", operator, value_text_array=base_pb2.TextArray(values=values))


def _none_of(*values: str) -> Filters:
    return Filters(operator="OPERATOR_NOT", filters=[_facts("OPERATOR_CONTAINS_ANY", *values)])


def _body_is_none_of(*bodies: str) -> Filters:
    inner = _on("body", "OPERATOR_CONTAINS_ANY", value_text_array=base_pb2.TextArray(values=bodies))
    return Filters(operator="OPERATOR_NOT", filters=[inner])


def _cursor(after: str) -> search_get_pb2.SearchRequest:
    request = _fetch()
    request.after = after
    return request


def _changes() -> batch_pb2.BatchObjectsRequest:
    def change(place: int, until: float) -> batch_pb2.BatchObject:
        struct = Struct()
        struct.update({"document": "d", "pending": True, "change": f"c{place}", "until": until})
        properties = batch_pb2.BatchObject.Properties(non_ref_properties=struct)
        return batch_pb2.BatchObject(collection=f"{NAME}Documents", tenant="t1", uuid=IDS[place], properties=properties)

    return batch_pb2.BatchObjectsRequest(objects=[change(2, 4.5), change(3, 5.5)])


def _broken_off(before: float) -> search_get_pb2.SearchRequest:
    conditions = [
        _on("pending", "OPERATOR_EQUAL", value_boolean=True),
        _on("until", "OPERATOR_LESS_THAN", value_number=before),
    ]
    return _fetch(filters=Filters(operator="OPERATOR_AND", filters=conditions), collection=f"{NAME}Documents")


def _on(name: str, operator: str, **value: Any) -> Filters:
    return Filters(operator=operator, target=base_pb2.FilterTarget(property=name), **value)


def _packed(*numbers: float) -> bytes:
    return pack(f"<{len(numbers)}f", *numbers)


def _patch(tenant: str, name: str) -> dict[str, Any]:
    return {"class": NAME, "id": name, "tenant": tenant, "properties": {"facts": ["z"], "revision": 7}}


async def _said(call: Any, request: Message, key: str) -> Any:
    try:
        reply = await call(request, metadata=[("authorization", f"Bearer {key}")], timeout=10)
    except grpc.aio.AioRpcError as error:
        return {"code": error.code().name, "details": error.details()}
    return _shape(reply)


async def _rest(
    http: aiohttp.ClientSession, method: str, path: str, body: Any = None, only: tuple[str, ...] = ()
) -> dict[str, Any]:
    async with http.request(method, path, json=body) as response:
        text = await response.text()
        if not text:
            return {"status": response.status}
        read = await response.json(content_type=None)
        if "version" in only:
            read["version"] = "a version"
        if response.status >= _REFUSED:
            # Up to 1.36 Weaviate leaves out of a refusal what later versions fill with null.
            read = {name: each for name, each in read.items() if each is not None}
        if only:
            read = {name: read[name] for name in only}
        return {"status": response.status, "body": _kinds(read)}


def _shape(value: Any) -> Any:
    """Every field that is set, by name."""
    match value:
        case Message():
            return {field.name: _field(field, found) for field, found in value.ListFields()}
        case bool():
            return value
        case float():
            return "number"
        case bytes():
            return f"{len(value)} bytes"
        case str():
            return _NUMBER.sub("#", value) if "score" in value else value
        case _:
            return value


def _field(field: Any, found: Any) -> Any:
    if isinstance(found, Mapping):
        return {name: _shape(each) for name, each in sorted(found.items())}
    if hasattr(found, "add") or isinstance(found, list) or type(found).__name__.startswith("Repeated"):
        return [_shape(each) for each in found]
    return _shape(found)


def _kinds(value: Any) -> Any:
    match value:
        case dict():
            return {name: _kinds(each) for name, each in value.items()}
        case list():
            return [_kinds(each) for each in value]
        case str() | bool() | None:
            return value
        case _:
            return "number"
