"""A Pinecone in memory, spoken to over its own REST interface of an index, on loopback.

It keeps records in namespaces, applies filters and limits, ranks for real, and says in headers which writes it accepted
and which it has found. It was written from Pinecone's documentation: nobody has compared it with the service.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.doubles.pinecone.conditions import InvalidFilterError, satisfies
from tests.doubles.pinecone.index import MOST_FOUND, BadRequestError, Index, Kept, read_sparse

_HOST = "127.0.0.1"
_REQUEST_BYTES = 2 * 1024 * 1024
_REPLY_BYTES = 4 * 1024 * 1024
KEY = "pinecone-key"


@dataclass
class World:
    """What the double does, and what it was asked.

    Attributes:
        key: the API key that it accepts.
        faults: statuses, with headers, of the next replies, by path.
        gates: what must be set before a path is answered.
        calls: paths with their bodies, as long as they are kept.
    """

    key: str = KEY
    faults: dict[str, list[tuple[int, Mapping[str, str]]]] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    keep_calls: bool = True
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)


class FakePinecone:
    """The hosts of a sparse and a dense index, from entering to leaving.

    Attributes:
        world: how both misbehave.
        sparse: the index of words.
        dense: the index of vectors.
    """

    def __init__(self, dimension: int = 8) -> None:
        self.world = World()
        self.sparse = Index()
        self.dense = Index(dimension)
        self._ports: list[int] = []
        self._held = ExitStack()
        self._runners: list[web.AppRunner] = []

    @property
    def sparse_host(self) -> str:
        return f"http://{_HOST}:{self._ports[0]}"

    @property
    def dense_host(self) -> str:
        return f"http://{_HOST}:{self._ports[1]}"

    async def __aenter__(self) -> "FakePinecone":
        self._ports = [self._held.enter_context(_held_port()) for _ in range(2)]
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()
        self._held.close()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Listen to nobody for a while; nobody else can take the ports."""
        await self._close()
        try:
            yield
        finally:
            await self._listen()

    async def _listen(self) -> None:
        for port, index in zip(self._ports, (self.sparse, self.dense), strict=True):
            runner = web.AppRunner(_Rest(index, self.world).application, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, _HOST, port, reuse_port=True).start()
            self._runners.append(runner)

    async def _close(self) -> None:
        while self._runners:
            await self._runners.pop().cleanup()


class _Rest:
    """The data plane of one index."""

    def __init__(self, index: Index, world: World) -> None:
        self._index = index
        self._world = world
        self.application = web.Application(client_max_size=_REQUEST_BYTES)
        calls: dict[str, Callable[[Mapping[str, Any]], web.Response]] = {
            "/vectors/upsert": self._upsert,
            "/vectors/delete": self._delete,
            "/vectors/fetch_by_metadata": self._fetch_by_metadata,
            "/query": self._query,
            "/describe_index_stats": self._stats,
        }
        for path, call in calls.items():
            self.application.router.add_post(path, self._handler(path, call))

    def _handler(
        self, path: str, call: Callable[[Mapping[str, Any]], web.Response]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            world = self._world
            if request.headers.get("Api-Key") != world.key:
                return _error(401, "UNAUTHENTICATED", "Invalid API Key")
            body = json.loads(await request.read())
            if world.keep_calls:
                world.calls.append((path, body))
            if (gate := world.gates.get(path)) is not None:
                await gate.wait()
            if faults := world.faults.get(path):
                status, headers = faults.pop(0)
                return _error(status, "FAULT", "as the test wants it", headers)
            try:
                reply = call(body)
            except (BadRequestError, InvalidFilterError) as refused:
                return _error(400, "INVALID_ARGUMENT", str(refused))
            if len(reply.text or "") > _REPLY_BYTES:
                return _error(400, "INVALID_ARGUMENT", "Query result size exceeds 4 MB")
            return reply

        return handle

    def _upsert(self, body: Mapping[str, Any]) -> web.Response:
        number = self._index.upsert(body.get("namespace", ""), body["vectors"])
        return _json({"upsertedCount": len(body["vectors"])}, {"x-pinecone-request-lsn": str(number)})

    def _delete(self, body: Mapping[str, Any]) -> web.Response:
        number = self._index.delete(body.get("namespace", ""), body["ids"])
        if number is None:
            return _error(404, "NOT_FOUND", "Namespace not found")
        return _json({}, {"x-pinecone-request-lsn": str(number)})

    def _fetch_by_metadata(self, body: Mapping[str, Any]) -> web.Response:
        name, limit = body.get("namespace", ""), body.get("limit", 100)
        records = self._index.reading(name).records
        found = sorted(each.id for each in records.values() if satisfies(each.metadata, body["filter"]))
        start = int(body.get("paginationToken", "0"))
        some = found[start : start + limit]
        vectors = {
            each: {"id": each, "metadata": dict(records[each].metadata), **_values(records[each])} for each in some
        }
        reply: dict[str, Any] = {"vectors": vectors, "namespace": name, "usage": {"readUnits": 1}}
        if start + limit < len(found):
            reply["pagination"] = {"next": str(start + limit)}
        return _json(reply)

    def _query(self, body: Mapping[str, Any]) -> web.Response:
        if not 0 < body["topK"] <= MOST_FOUND:
            raise BadRequestError("topK is 1 to 10,000")
        sparse = read_sparse(body["sparseVector"]) if "sparseVector" in body else None
        name, condition = body.get("namespace", ""), body.get("filter", {})
        if "filter" in body and not condition:
            raise BadRequestError("an empty filter")
        ranked, indexed = self._index.scored(name, body.get("vector"), sparse, condition)
        matches = [
            {"id": kept.id, "score": score, **({"metadata": dict(kept.metadata)} if body["includeMetadata"] else {})}
            for score, kept in ranked[: body["topK"]]
        ]
        reply = {"matches": matches, "namespace": name, "usage": {"readUnits": 1}}
        return _json(reply, {"x-pinecone-max-indexed-lsn": str(indexed)})

    def _stats(self, body: Mapping[str, Any]) -> web.Response:
        counts = {name: {"vectorCount": len(each.records)} for name, each in self._index.namespaces.items()}
        reply = {
            "namespaces": counts,
            "indexFullness": 0,
            "totalVectorCount": sum(each["vectorCount"] for each in counts.values()),
            "metric": self._index.metric,
            "vectorType": "dense" if self._index.dimension else "sparse",
        }
        return _json({**reply, "dimension": self._index.dimension} if self._index.dimension else reply)


def _values(kept: Kept) -> dict[str, Any]:
    if kept.values:
        return {"values": list(kept.values)}
    return {"sparseValues": {"indices": list(kept.sparse), "values": list(kept.sparse.values())}}


def _json(reply: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(reply, headers=headers)


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    reply = {"error": {"code": code, "message": message}, "status": status}
    return web.json_response(reply, status=status, headers=headers)


@contextmanager
def _held_port() -> Iterator[int]:
    """A port that is bound beside the server, so that it stays its own while the server is away."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((_HOST, 0))
        yield held.getsockname()[1]
