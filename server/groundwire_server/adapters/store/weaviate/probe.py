"""A look at a Weaviate: its version and modules, whether both of its ports accept us, and how much it holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from weaviate import WeaviateAsyncClient
from weaviate.classes.query import Filter as Where
from weaviate.classes.tenants import TenantActivityStatus

from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.connection import WeaviateCall, WeaviateConnection
from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.domain.deadline import NEVER, Deadline

_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class ServerMeta:
    """What a Weaviate says about itself.

    Attributes:
        version: such as `1.40.2`.
        modules: the names of its enabled modules.
    """

    version: str
    modules: frozenset[str]


class Probe:
    """Read-only calls about the server.

    Args:
        connection: to Weaviate.
        collection: of the documents.
    """

    def __init__(self, connection: WeaviateConnection, collection: str) -> None:
        self._connection = connection
        self._collection = collection

    async def meta(self, deadline: Deadline) -> ServerMeta:
        """Return the server's version and modules, over HTTP.

        Raises:
            StoreFailure: when it does not answer or refuses the key.
        """

        async def work(client: WeaviateAsyncClient) -> ServerMeta:
            meta = await client.get_meta()
            return ServerMeta(str(meta["version"]), frozenset(map(str, meta.get("modules") or ())))

        return await self._connection.call(WeaviateCall("meta", "", over_http=True), deadline, work)

    async def tenants(self, deadline: Deadline) -> int:
        """Return how many tenants the collection has, over gRPC.

        Raises:
            StoreFailure: when the server does not answer or refuses the key, or has no such collection.
        """

        async def work(client: WeaviateAsyncClient) -> int:
            return len(await client.collections.use(self._collection).tenants.get())

        return await self._connection.call(WeaviateCall("tenants.get", self._collection), deadline, work)

    async def documents(self, pause: float = _PAUSE) -> int:
        """Return how many documents all active tenants have, over gRPC.

        Args:
            pause: seconds between two tenants. Each takes a call, and nobody waits for the sum.

        Raises:
            StoreFailure: when a call fails.
        """
        total = 0
        for place, tenant in enumerate(await self.active_tenants()):
            if place:
                await asyncio.sleep(pause)
            total += await self._live_documents(tenant)
        return total

    async def active_tenants(self) -> Sequence[str]:
        """Return Weaviate's own names of the active tenants; to count another would activate it."""

        async def work(client: WeaviateAsyncClient) -> list[str]:
            known = await client.collections.use(self._collection).tenants.get()
            return [name for name, tenant in known.items() if tenant.activity_status is TenantActivityStatus.ACTIVE]

        return await self._connection.call(WeaviateCall("tenants.get", self._collection), NEVER, work)

    async def _live_documents(self, tenant: str) -> int:
        async def work(client: WeaviateAsyncClient) -> int:
            within = client.collections.use(self._collection).with_tenant(tenant)
            found = await within.aggregate.over_all(filters=Where.by_property(p.LIVE).equal(True), total_count=True)
            return found.total_count or 0

        try:
            return await self._connection.call(WeaviateCall("aggregate", self._collection, tenant), NEVER, work)
        except StoreFailure as failure:
            # It has been removed since.
            if failure.fault is WeaviateFault.MISSING_TENANT:
                return 0
            raise
