"""The double's gRPC half."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from time import perf_counter
from typing import Any

import grpc
from weaviate.proto.v1 import aggregate_pb2, batch_delete_pb2, batch_pb2, search_get_pb2, tenants_pb2, weaviate_pb2_grpc

from tests.doubles.weaviate import convert
from tests.doubles.weaviate.conditions import holds
from tests.doubles.weaviate.memory import AccessDenied, Array, Collection, Kept, Tenant, normalised, put
from tests.doubles.weaviate.ranking import Ranking, by_keyword, by_vector, cut, fused
from tests.doubles.weaviate.vectorizer import vectorized

DIMENSIONS = 8
"""Of the vectors that modules make of words."""

_LEAST_DEPTH = 100

_VECTOR_SEARCH = "explorer: get class: vector search: object vector search"
_PLACES = {
    "fetch": "explorer: list class: search: object search",
    "keyword": "explorer: get class: vector search: object search",
    "vector": f"explorer: get class: concurrentTargetVectorSearch): {_VECTOR_SEARCH}",
    "hybrid": "object search",
}
"""Where a kind of search finds out that there is no such tenant."""


@dataclass(frozen=True, slots=True)
class Call:
    """One gRPC call as it arrived.

    Attributes:
        method: its name.
        request: what was asked.
        metadata: its headers.
        remaining: seconds that its deadline left.
    """

    method: str
    request: Any
    metadata: dict[str, str]
    remaining: float | None


class Killed(Exception):
    """The server is no more; the call gets no answer."""


@dataclass(slots=True)
class World:
    """What the double knows, and how it misbehaves.

    Attributes:
        collections: by name.
        key: the only API key that it takes; None takes any.
        nodes: of the cluster.
        unavailable: how many of the next gRPC calls find nobody.
        delay: seconds that every gRPC call takes.
        refusals: what the next batches say of their first object.
        says: what the next searches answer instead, a status code with a sentence.
        says_always: what every gRPC call answers instead.
        connections: how many clients have connected.
        module_says: what every module fails with.
        embedded: the texts that modules were given.
        admits_all: whether filters keep nothing out, as a fault of the server's would have it.
        calls: those that arrived.
        loaded: whether it has loaded what it keeps; its ports are open before.
        steps: what it has done: each object that it wrote or deleted, and each call that it answered.
        killed_at: the step that it does not do any more; None lets it live.
        killed: is set when it is killed: it answers nothing any more, and keeps what it has done.
        order: in which a batch is written, all at once being what Weaviate does; None keeps the batch's own.
        cancelled: how many were cancelled while they waited.
        arrived: is set when a call arrives.
    """

    collections: dict[str, Collection] = field(default_factory=dict)
    key: str | None = None
    nodes: int = 3
    unavailable: int = 0
    delay: float = 0.0
    refusals: list[str] = field(default_factory=list)
    says: list[tuple[grpc.StatusCode, str]] = field(default_factory=list)
    says_always: tuple[grpc.StatusCode, str] | None = None
    connections: int = 0
    module_says: str | None = None
    embedded: list[str] = field(default_factory=list)
    admits_all: bool = False
    calls: list[Call] = field(default_factory=list)
    keep_calls: bool = True
    loaded: bool = True
    steps: int = 0
    killed_at: int | None = None
    killed: asyncio.Event = field(default_factory=asyncio.Event)
    order: Random | None = None
    cancelled: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def step(self) -> None:
        """Do one more thing, or be killed before it."""
        if self.killed_at is not None and self.steps >= self.killed_at:
            self.killed.set()
        if self.killed.is_set():
            raise Killed
        self.steps += 1

    def known(self, name: str) -> Collection | None:
        """The collection of this name, as far as it is loaded."""
        return self.collections.get(name) if self.loaded else None

    def revive(self) -> None:
        """Start again with what was kept."""
        self.killed_at = None
        self.killed.clear()


class Service(weaviate_pb2_grpc.WeaviateServicer):
    def __init__(self, world: World) -> None:
        self._world = world

    async def Search(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("Search", request, context, self._search)

    async def BatchObjects(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("BatchObjects", request, context, self._batch)

    async def BatchDelete(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("BatchDelete", request, context, self._delete)

    async def Aggregate(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("Aggregate", request, context, self._aggregate)

    async def TenantsGet(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("TenantsGet", request, context, self._tenants)

    async def _answer(self, method: str, request: Any, context: Any, work: Callable[[Any], Any]) -> Any:
        world = self._world
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        if world.keep_calls:
            world.calls.append(Call(method, request, metadata, context.time_remaining()))
            world.arrived.set()
        if world.unavailable:
            world.unavailable -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "connection refused: 10.0.0.7:50051")
        if world.key is not None and metadata.get("authorization") != f"Bearer {world.key}":
            await context.abort(grpc.StatusCode.UNKNOWN, "extract auth: unauthorized: invalid api key")
        if world.delay:
            try:
                await asyncio.sleep(world.delay)
            except asyncio.CancelledError:
                world.cancelled += 1
                raise
        if world.says_always is not None:
            await context.abort(*world.says_always)
        if method == "Search" and world.says:
            await context.abort(*world.says.pop(0))
        answer: Any = None
        try:
            answer = work(request)
            world.step()
        except Killed:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        except AccessDenied as refused:
            await context.abort(grpc.StatusCode.UNKNOWN, str(refused))
        return answer

    def _search(self, request: search_get_pb2.SearchRequest) -> search_get_pb2.SearchReply:
        began = perf_counter()
        collection = self._world.known(request.collection)
        if collection is None:
            raise AccessDenied(f"could not find class {request.collection} in schema")
        if not set(request.properties.non_ref_properties) <= set(collection.types):
            raise AccessDenied(_no_property(request, collection))
        with _prefixed("explorer: get class: vectorize params: vectorize params: vectorize keywords: "):
            asked = self._asked(collection, request)
        results = _found(collection, request, asked, admits_all=self._world.admits_all)
        reply = search_get_pb2.SearchReply(took=perf_counter() - began, results=results)
        reply.generative_grouped_result = ""
        return reply

    def _asked(self, collection: Collection, request: Any) -> Array | None:
        """The vector of a question: given, or made of its words."""
        kind = _kind(request)
        if kind not in {"vector", "hybrid"}:
            return None
        near = request.near_text if request.HasField("near_text") else None
        if kind == "hybrid" and request.hybrid_search.HasField("near_text"):
            near = request.hybrid_search.near_text
        if near is None:
            asked = request.near_vector if kind == "vector" else request.hybrid_search
            return normalised(convert.vector(asked.vector_bytes or asked.vectors[0].vector_bytes))
        (text,) = near.query
        return normalised(self._module(text))

    def _batch(self, request: batch_pb2.BatchObjectsRequest) -> batch_pb2.BatchObjectsReply:
        reply = batch_pb2.BatchObjectsReply(took=0.001)
        numbered = list(enumerate(request.objects))
        if self._world.order is not None:
            self._world.order.shuffle(numbered)
        for index, new in numbered:
            self._world.step()
            try:
                if not index and self._world.refusals:
                    raise AccessDenied(self._world.refusals.pop(0))
                collection = self._of_batch(new)
                put(collection, new.tenant, self._vectorized(collection, convert.received(new)))
            except AccessDenied as refused:
                reply.errors.append(batch_pb2.BatchObjectsReply.BatchError(index=index, error=str(refused)))
        return reply

    def _vectorized(self, collection: Collection, new: Kept) -> Kept:
        """An object with the vectors that modules make of it; one without any text has none."""
        for name in collection.vectors:
            properties = collection.embedded(name)
            if properties is not None and name not in new.vectors:
                texts = [str(new.properties[each]) for each in sorted(properties) if new.properties.get(each)]
                if texts:
                    new.vectors[name] = normalised(self._module(" ".join(texts)))
        return new

    def _module(self, text: str) -> Array:
        if self._world.module_says is not None:
            raise AccessDenied(self._world.module_says)
        self._world.embedded.append(text)
        return vectorized(text, DIMENSIONS)

    def _of_batch(self, new: batch_pb2.BatchObject) -> Collection:
        collection = self._world.known(new.collection)
        for vector in new.vectors:
            if collection is None or vector.name not in collection.vectors:
                raise AccessDenied(f"collection {new.collection} does not have configuration for vector {vector.name}")
        if collection is None:
            raise AccessDenied(f"class {new.collection} has multi-tenancy disabled, but request was with tenant")
        return collection

    def _delete(self, request: batch_delete_pb2.BatchDeleteRequest) -> batch_delete_pb2.BatchDeleteReply:
        collection = self._world.known(request.collection)
        if collection is None:
            raise AccessDenied(f"batch delete params: could not find class {request.collection} in schema")
        with _prefixed("batch delete: cannot find objects: "):
            tenant = collection.tenant(request.tenant)
        if collection.read_only:
            raise AccessDenied("batch delete: store is read-only due to: disk usage too high")
        gone = [each.id for each in tenant.objects.values() if holds(request.filters, each)]
        for each in gone:
            self._world.step()
            del tenant.objects[each]
        return batch_delete_pb2.BatchDeleteReply(took=0.001, matches=len(gone), successful=len(gone))

    def _aggregate(self, request: aggregate_pb2.AggregateRequest) -> aggregate_pb2.AggregateReply:
        collection = self._world.known(request.collection)
        if collection is None:
            raise AccessDenied(f"parse params: could not find class {request.collection} in schema")
        with _prefixed("aggregate: "):
            tenant = collection.tenant(request.tenant)
        count = sum(holds(request.filters, each) for each in tenant.objects.values())
        single = aggregate_pb2.AggregateReply.Single(objects_count=count)
        return aggregate_pb2.AggregateReply(took=0.001, single_result=single)

    def _tenants(self, request: tenants_pb2.TenantsGetRequest) -> tenants_pb2.TenantsGetReply:
        collection = self._world.known(request.collection)
        if collection is None:
            raise AccessDenied(
                "get tenants: failed to execute query: could not get tenants: could not get tenants: class not found"
            )
        hot, cold = tenants_pb2.TENANT_ACTIVITY_STATUS_HOT, tenants_pb2.TENANT_ACTIVITY_STATUS_COLD
        return tenants_pb2.TenantsGetReply(
            took=0.001,
            tenants=[
                tenants_pb2.Tenant(name=name, activity_status=hot if tenant.active else cold)
                for name, tenant in collection.tenants.items()
            ],
        )


def _found(
    collection: Collection, request: search_get_pb2.SearchRequest, asked: Array | None, *, admits_all: bool
) -> list[search_get_pb2.SearchResult]:
    kind = _kind(request)
    with _prefixed(f"{_PLACES[kind]} at index {collection.name.lower()}: "):
        tenant = collection.tenant(request.tenant)
    condition = request.filters if request.HasField("filters") else None

    def admits(kept: Kept) -> bool:
        return condition is None or (admits_all and kind != "fetch") or holds(condition, kept)

    if kind == "fetch":
        return [convert.result(collection, kept, request) for kept in _fetched(tenant, admits, request)]
    scores, explained = _ranked(collection, tenant, admits, request, kind, asked)
    scores = cut(dict(list(scores.items())[: request.limit]), request.autocut)
    return [
        convert.result(
            collection,
            tenant.objects[each],
            request,
            score=None if kind == "vector" else score,
            explained=explained.get(each),
            distance=1 - score if kind == "vector" else None,
        )
        for each, score in scores.items()
    ]


_KINDS = (
    ("hybrid_search", "hybrid"),
    ("bm25_search", "keyword"),
    ("near_vector", "vector"),
    ("near_text", "vector"),
)


def _kind(request: search_get_pb2.SearchRequest) -> str:
    for name, kind in _KINDS:
        if request.HasField(name):
            return kind
    return "fetch"


def _ranked(
    collection: Collection,
    tenant: Tenant,
    admits: Callable[[Kept], bool],
    request: Any,
    kind: str,
    vector: Array | None,
) -> tuple[Ranking, dict[str, str]]:
    depth = max(request.limit, _LEAST_DEPTH)
    if kind == "keyword":
        asked = request.bm25_search
        return by_keyword(tenant, admits, asked.query, asked.properties, depth, collection.tokenizations), {}
    asked = request.hybrid_search
    if kind == "vector":
        asked = request.near_text if request.HasField("near_text") else request.near_vector
    (name,) = asked.targets.target_vectors
    if name not in collection.vectors:
        known = " ".join(collection.vectors)
        raise AccessDenied(
            f"extract target vectors: class {collection.name} does not have named vector {name} configured. "
            f"Available named vectors [{known}]"
        )
    search = _PLACES["vector"] if kind == "vector" else _VECTOR_SEARCH
    shard = f"index {collection.name.lower()}: shard {collection.name.lower()}_{request.tenant}"
    near = partial(by_vector, tenant, admits, name)
    assert vector is not None
    with _prefixed(f"{search} at {shard}: vector search: "):
        most = _most_distance(asked, kind)
        vectors = near(vector, depth, most)
    if kind == "vector":
        return vectors, {}
    keywords = by_keyword(tenant, admits, asked.query, asked.properties, depth, collection.tokenizations)
    if most is not None:
        # Weaviate lets the distance bound what words found as well.
        keywords = {each: score for each, score in keywords.items() if each in vectors}
    combined, explained = fused(keywords, vectors, asked.alpha_param if asked.use_alpha_param else asked.alpha)
    return combined, dict(explained)


def _most_distance(asked: Any, kind: str) -> float | None:
    if kind == "vector":
        return float(asked.distance) if asked.HasField("distance") else None
    return float(asked.vector_distance) if asked.HasField("vector_distance") else None


def _fetched(tenant: Tenant, admits: Callable[[Kept], bool], request: search_get_pb2.SearchRequest) -> list[Kept]:
    found = [kept for kept in tenant.objects.values() if admits(kept)]
    if not request.sort_by and not request.HasField("filters"):
        # A cursor goes through the ids.
        found = sorted((kept for kept in found if kept.id > request.after), key=lambda kept: kept.id)
    for sort in request.sort_by:
        (name,) = sort.path
        found.sort(key=lambda kept: str(kept.properties.get(name)).encode(), reverse=not sort.ascending)
    return found[: request.limit]


def _no_property(request: search_get_pb2.SearchRequest, collection: Collection) -> str:
    name = next(each for each in request.properties.non_ref_properties if each not in collection.types)
    return (
        f"extract properties request: get property by name {name} for class {request.collection}: no such prop with "
        f"name '{name}' found in class '{request.collection}' in the schema. Check your schema files for which "
        "properties in this class are available"
    )


@contextmanager
def _prefixed(prefix: str) -> Iterator[None]:
    try:
        yield
    except AccessDenied as refused:
        raise AccessDenied(f"{prefix}{refused}") from None
