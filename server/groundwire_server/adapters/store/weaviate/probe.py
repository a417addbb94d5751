"""A look at a Weaviate: its version and modules, and whether both of its ports accept us."""

from dataclasses import dataclass

from weaviate import WeaviateAsyncClient

from groundwire_server.adapters.store.weaviate.connection import Operation, WeaviateConnection
from groundwire_server.domain.deadline import Deadline


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
        collection: with the tenants to count.
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

        return await self._connection.call(Operation("meta", "", over_http=True), deadline, work)

    async def tenants(self, deadline: Deadline) -> int:
        """Return how many tenants the collection has, over gRPC.

        Raises:
            StoreFailure: when the server does not answer or refuses the key, or has no such collection.
        """

        async def work(client: WeaviateAsyncClient) -> int:
            return len(await client.collections.use(self._collection).tenants.get())

        return await self._connection.call(Operation("tenants.get", self._collection), deadline, work)
