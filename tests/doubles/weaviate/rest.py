"""The double's REST half: what the client asks for when it connects, the schema, tenants, and changes of one object."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from aiohttp import web

from tests.doubles.weaviate.convert import patched
from tests.doubles.weaviate.memory import AccessDenied, Collection, Tenant, put
from tests.doubles.weaviate.service import Killed, World

_TENANT = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Rest:
    version = "1.40.0"
    modules: Mapping[str, object] = MappingProxyType({})

    def __init__(self, world: World) -> None:
        self._world = world
        self.application = web.Application(middlewares=[self._guarded])
        self.application.add_routes(
            [
                web.get("/v1/meta", self._meta),
                web.get("/v1/.well-known/ready", self._ready),
                web.get("/v1/.well-known/openid-configuration", self._nothing),
                web.post("/v1/schema", self._create),
                web.get("/v1/schema/{name}", self._collection),
                web.delete("/v1/schema/{name}", self._drop),
                web.post("/v1/schema/{name}/properties", self._add_property),
                web.post("/v1/schema/{name}/tenants", self._add_tenants),
                web.patch("/v1/objects/{name}/{id}", self._patch),
                web.delete("/v1/objects/{name}/{id}", self._delete),
            ]
        )

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Any) -> web.StreamResponse:
        key = self._world.key
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            return web.json_response({"code": 401, "message": "unauthorized: invalid api key"}, status=401)
        try:
            response: web.StreamResponse = await handler(request)
            self._world.step()
        except Killed:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        except AccessDenied as refused:
            return web.json_response({"error": [{"message": str(refused)}]}, status=422)
        return response

    async def _meta(self, request: web.Request) -> web.Response:
        # The first that a client asks for.
        self._world.connections += 1
        return web.json_response(
            {"version": self.version, "grpcMaxMessageSize": 104858000, "modules": dict(self.modules)}
        )

    async def _ready(self, request: web.Request) -> web.Response:
        return web.Response(status=200 if self._world.loaded else 503)

    async def _nothing(self, request: web.Request) -> web.Response:
        return web.Response(status=404)

    async def _create(self, request: web.Request) -> web.Response:
        definition = await request.json()
        name = definition["class"]
        if name in self._world.collections:
            said = {"allowed": None, "error": [{"message": f"class name {name} already exists"}]}
            return web.json_response(said, status=422)
        factor = definition["replicationConfig"]["factor"]
        if factor > self._world.nodes:
            raise AccessDenied(
                "init sharding state: could not find enough weaviate nodes for replication: "
                f"{self._world.nodes} available, {factor} requested"
            )
        self._world.collections[name] = Collection(_completed(definition))
        return web.json_response(definition)

    async def _collection(self, request: web.Request) -> web.Response:
        collection = self._world.known(request.match_info["name"])
        return web.Response(status=404) if collection is None else web.json_response(collection.definition)

    async def _drop(self, request: web.Request) -> web.Response:
        self._world.collections.pop(request.match_info["name"], None)
        return web.Response()

    async def _add_property(self, request: web.Request) -> web.Response:
        collection = self._world.collections[request.match_info["name"]]
        added = await request.json()
        collection.definition["properties"].append(_completed_property(added))
        return web.json_response(added)

    async def _add_tenants(self, request: web.Request) -> web.Response:
        collection = self._world.known(request.match_info["name"])
        if collection is None:
            raise AccessDenied("updating schema: TYPE_ADD_TENANT: class not found")
        asked = await request.json()
        for index, each in enumerate(asked):
            if not _TENANT.fullmatch(each["name"]):
                raise AccessDenied(
                    f"tenant name at index {index}:  '{each['name']}' is not a valid tenant name. should only contain "
                    "alphanumeric characters (a-z, A-Z, 0-9), underscore (_), and hyphen (-), with a length between 1 "
                    "and 64 characters"
                )
            collection.tenants.setdefault(each["name"], Tenant())
        return web.json_response([{"name": each["name"]} for each in asked])

    async def _patch(self, request: web.Request) -> web.Response:
        collection = self._world.collections[request.match_info["name"]]
        body = await request.json()
        try:
            tenant = collection.tenant(body["tenant"])
        except AccessDenied as refused:
            index = collection.name.lower()
            raise AccessDenied(
                f"msg:repo.object code:422 err:search index {index}: determine shard: {refused}"
            ) from None
        kept = tenant.objects.get(request.match_info["id"])
        if kept is None:
            return web.Response(status=404)
        self._world.step()
        put(collection, body["tenant"], patched(kept, body["properties"]))
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        tenant = self._world.collections[request.match_info["name"]].tenant(request.query["tenant"])
        self._world.step()
        tenant.objects.pop(request.match_info["id"], None)
        return web.Response(status=204)


def _completed(definition: dict[str, Any]) -> dict[str, Any]:
    """A collection as Weaviate describes it: with all that nobody has said."""
    replication = {"deletionStrategy": "TimeBasedResolution", "asyncEnabled": False, "factor": 1}
    tenancy = {"enabled": False, "autoTenantCreation": False, "autoTenantActivation": False}
    completed = {
        **definition,
        "multiTenancyConfig": {**tenancy, **definition.get("multiTenancyConfig", {})},
        "replicationConfig": {**replication, **definition.get("replicationConfig", {})},
        "invertedIndexConfig": {
            "bm25": {"b": 0.75, "k1": 1.2},
            "cleanupIntervalSeconds": 60,
            "stopwords": {"additions": None, "preset": "none", "removals": None},
            "usingBlockMaxWAND": True,
        },
        "shardingConfig": _UNSHARDED,
        "properties": [_completed_property(each) for each in definition["properties"]],
    }
    if "vectorConfig" in definition:
        completed["vectorConfig"] = {
            name: {**config, "vectorIndexConfig": {**_HNSW, **config.get("vectorIndexConfig", {})}}
            for name, config in definition["vectorConfig"].items()
        }
    else:
        completed |= {
            "vectorIndexType": "hnsw",
            "vectorIndexConfig": {**_HNSW, **definition.get("vectorIndexConfig", {})},
        }
    return completed


def _completed_property(definition: dict[str, Any]) -> dict[str, Any]:
    return {"indexRangeFilters": False, "indexFilterable": True, "indexSearchable": True, **definition}


_UNSHARDED = {
    "actualCount": 0,
    "actualVirtualCount": 0,
    "desiredCount": 0,
    "desiredVirtualCount": 0,
    "function": "",
    "key": "",
    "strategy": "",
    "virtualPerPhysical": 0,
}
"""A collection whose tenants are its shards."""

_HNSW = {
    "bq": {"enabled": False},
    "cleanupIntervalSeconds": 300,
    "distance": "cosine",
    "dynamicEfFactor": 8,
    "dynamicEfMax": 500,
    "dynamicEfMin": 100,
    "ef": -1,
    "efConstruction": 128,
    "filterStrategy": "acorn",
    "flatSearchCutoff": 40000,
    "maxConnections": 32,
    "multivector": {
        "aggregation": "maxSim",
        "enabled": False,
        "muvera": {"dprojections": 16, "enabled": False, "ksim": 4, "repetitions": 10},
    },
    "pq": {
        "bitCompression": False,
        "centroids": 256,
        "enabled": False,
        "encoder": {"distribution": "log-normal", "type": "kmeans"},
        "segments": 0,
        "trainingLimit": 100000,
    },
    "rq": {"bits": 8, "enabled": False, "rescoreLimit": 20},
    "skip": False,
    "skipDefaultQuantization": False,
    "sq": {"enabled": False, "rescoreLimit": 20, "trainingLimit": 100000},
    "trackDefaultQuantization": False,
    "vectorCacheMaxObjects": 1000000000000,
}
