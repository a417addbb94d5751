"""Looking at a Weaviate: what it is, and whether it lets us in on both ports."""

from weaviate import WeaviateAsyncClient

from groundwire_server.adapters.store.weaviate.connection import Connection, Operation
from groundwire_server.domain.deadline import Deadline


class Probe:
    """Asks and changes nothing.

    Args:
        connection: to Weaviate.
        collection: whose tenants are counted.
    """

    def __init__(self, connection: Connection, collection: str) -> None:
        self._connection = connection
        self._collection = collection

    async def version(self, deadline: Deadline) -> str:
        """The server's version; over HTTP.

        Raises:
            StoreFailure: when it is not there or refuses the key.
        """

        async def work(client: WeaviateAsyncClient) -> str:
            return str((await client.get_meta())["version"])

        return await self._connection.call(Operation("meta", ""), deadline, work)

    async def tenants(self, deadline: Deadline) -> int:
        """How many tenants have documents; over gRPC.

        Raises:
            StoreFailure: when it is not there or refuses the key, or the collection is not there.
        """

        async def work(client: WeaviateAsyncClient) -> int:
            return len(await client.collections.use(self._collection).tenants.get())

        return await self._connection.call(Operation("tenants.get", self._collection), deadline, work)
