"""Calls on one tenant's objects, of which everything else is made."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

from weaviate import WeaviateAsyncClient
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter as Where
from weaviate.classes.query import Sort
from weaviate.collections import CollectionAsync
from weaviate.collections.classes.filters import FilterReturn
from weaviate.exceptions import WeaviateInsertManyAllFailedError

from groundwire_server.adapters.store.weaviate.connection import WeaviateCall, WeaviateConnection
from groundwire_server.adapters.store.weaviate.failures import RefusedObjectsError, StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.objects import NewObject
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.adapters.store.weaviate.tokens import tenant_name
from groundwire_server.domain.batches import batched
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.telemetry import names

_PROPERTY_BYTES: Final = 4
_MOST_DELETED: Final = 10_000
"""The most objects that Weaviate deletes in one call, by default."""


class Objects:
    """One collection, tenant by tenant.

    Args:
        connection: to Weaviate.
        collection: its name.
        options: of the store.
        vector: the name of the vector that objects may have; empty where they have none.
    """

    def __init__(
        self, connection: WeaviateConnection, collection: str, options: WeaviateOptions, vector: str = ""
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._options = options
        self._vector = vector

    async def fetch(
        self,
        tenant: str,
        where: FilterReturn,
        properties: Sequence[str],
        limit: int,
        deadline: Deadline,
        *,
        sort_by: str = "",
        descending: bool = False,
    ) -> Sequence[tuple[str, Mapping[str, Any]]] | None:
        """Return ids and properties of the objects that satisfy a filter; None when Weaviate has no such tenant."""

        async def work(client: WeaviateAsyncClient) -> list[tuple[str, Mapping[str, Any]]]:
            found = await self._at(client, tenant).query.fetch_objects(
                filters=where,
                limit=limit,
                return_properties=list(properties),
                sort=Sort.by_property(sort_by, ascending=not descending) if sort_by else None,
            )
            return [(str(each.uuid), each.properties) for each in found.objects]

        operation = WeaviateCall("fetch_objects", self._collection, tenant)
        try:
            return await self._connection.call(operation, deadline, work, _returned)
        except StoreFailure as failure:
            if self.is_new_tenant(failure):
                return None
            raise

    async def after(
        self, tenant: str, cursor: str | None, properties: Sequence[str], limit: int, deadline: Deadline
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return ids and properties of objects in the order of their ids: those after one, or the first.

        It reads the objects themselves and no index.
        """

        async def work(client: WeaviateAsyncClient) -> list[tuple[str, Mapping[str, Any]]]:
            found = await self._at(client, tenant).query.fetch_objects(
                after=cursor, limit=limit, return_properties=list(properties)
            )
            return [(str(each.uuid), each.properties) for each in found.objects]

        operation = WeaviateCall("fetch_objects", self._collection, tenant, priority=Priority.BACKGROUND)
        try:
            return await self._connection.call(operation, deadline, work, _returned)
        except StoreFailure as failure:
            if self.is_new_tenant(failure):
                return ()
            raise

    async def count(self, tenant: str, where: FilterReturn, deadline: Deadline) -> int:
        """Return how many objects satisfy a filter; 0 when Weaviate has no such tenant."""

        async def work(client: WeaviateAsyncClient) -> int:
            found = await self._at(client, tenant).aggregate.over_all(filters=where, total_count=True)
            return found.total_count or 0

        try:
            return await self._connection.call(WeaviateCall("aggregate", self._collection, tenant), deadline, work)
        except StoreFailure as failure:
            if self.is_new_tenant(failure):
                return 0
            raise

    def is_new_tenant(self, failure: StoreFailure) -> bool:
        """Return whether the tenant does not exist because nothing was stored for it yet.

        Where an operator creates the tenants, a missing one is a fault.
        """
        return failure.fault is WeaviateFault.MISSING_TENANT and self._options.write.create_tenants

    async def write(self, tenant: str, objects: Iterable[NewObject], deadline: Deadline) -> None:
        """Create or replace objects in bounded batches; they are taken from the iterable as they are sent.

        Raises:
            StoreFailure: when Weaviate refuses one of them.
        """
        write = self._options.write
        waiting = batched(((each, _size(each)) for each in objects), write.batch_chunks, write.batch_bytes)

        async def worker() -> None:
            # It takes the next batch when Weaviate has accepted its last.
            for batch in waiting:
                await self._write_batch(tenant, batch, deadline)

        await _together(worker, write.concurrent_batches)

    async def patch(self, tenant: str, ids: Sequence[str], properties: Mapping[str, Any], deadline: Deadline) -> None:
        """Change some properties of objects; the others and the vectors stay."""
        rest = iter(ids)

        async def worker() -> None:
            for each in rest:
                await self._patch_one(tenant, each, properties, deadline)

        await _together(worker, min(self._options.write.concurrent_patches, len(ids)))

    async def delete(self, tenant: str, where: FilterReturn, deadline: Deadline) -> None:
        """Delete the objects that satisfy a filter."""
        deleted = _MOST_DELETED
        while deleted >= _MOST_DELETED:
            deleted = await self._delete_some(tenant, where, deadline)

    async def remove(self, tenant: str, ids: Sequence[str], deadline: Deadline) -> None:
        """Delete objects one by one, which needs no index; those that are not there are passed over."""
        rest = iter(ids)

        async def worker() -> None:
            for each in rest:
                await self._remove_one(tenant, each, deadline)

        await _together(worker, min(self._options.write.concurrent_patches, len(ids)))

    async def create_tenant(self, tenant: str, deadline: Deadline) -> None:
        """Create a tenant; one that exists stays as it is."""

        async def work(client: WeaviateAsyncClient) -> None:
            await client.collections.use(self._collection).tenants.create([tenant_name(tenant)])

        await self._connection.call(
            WeaviateCall("tenants.create", self._collection, tenant, over_http=True), deadline, work
        )

    def _at(self, client: WeaviateAsyncClient, tenant: str) -> CollectionAsync[Any, Any]:
        return self._connection.handle(client, self._collection, tenant, self._options.write.consistency)

    async def _write_batch(self, tenant: str, batch: Sequence[NewObject], deadline: Deadline) -> None:
        async def work(client: WeaviateAsyncClient) -> None:
            objects = [self._written(each) for each in batch]
            try:
                result = await self._at(client, tenant).data.insert_many(objects)
            except WeaviateInsertManyAllFailedError as error:
                raise RefusedObjectsError(len(batch), error.message) from None
            if result.has_errors:
                raise RefusedObjectsError(len(result.errors), next(iter(result.errors.values())).message)

        attributes = {names.DB_BATCH_SIZE: len(batch)}
        await self._connection.call(
            WeaviateCall("batch.objects", self._collection, tenant, attributes, priority=Priority.BACKGROUND),
            deadline,
            work,
        )

    async def _patch_one(self, tenant: str, each: str, properties: Mapping[str, Any], deadline: Deadline) -> None:
        async def work(client: WeaviateAsyncClient) -> None:
            await self._at(client, tenant).data.update(uuid=each, properties=properties)

        await self._connection.call(
            WeaviateCall("objects.patch", self._collection, tenant, over_http=True, priority=Priority.BACKGROUND),
            deadline,
            work,
        )

    async def _remove_one(self, tenant: str, each: str, deadline: Deadline) -> None:
        async def work(client: WeaviateAsyncClient) -> None:
            await self._at(client, tenant).data.delete_by_id(each)

        await self._connection.call(
            WeaviateCall("objects.delete", self._collection, tenant, over_http=True, priority=Priority.BACKGROUND),
            deadline,
            work,
        )

    async def _delete_some(self, tenant: str, where: FilterReturn, deadline: Deadline) -> int:
        async def work(client: WeaviateAsyncClient) -> int:
            result = await self._at(client, tenant).data.delete_many(where=where)
            if result.failed:
                raise RefusedObjectsError(result.failed, "")
            return result.matches

        return await self._connection.call(
            WeaviateCall("batch.delete", self._collection, tenant, priority=Priority.BACKGROUND),
            deadline,
            work,
            lambda count: {names.DB_BATCH_SIZE: count},
        )

    def _written(self, new: NewObject) -> DataObject[Any, None]:
        vector = {self._vector: new.vector.tolist()} if self._vector and new.vector is not None else None
        return DataObject(properties=dict(new.properties), uuid=new.id, vector=vector)


async def _together(worker: Callable[[], Coroutine[Any, Any, None]], count: int) -> None:
    """Run workers concurrently; the first failure ends the others and is raised."""
    tasks = [asyncio.create_task(worker()) for _ in range(count)]
    # No TaskGroup: it drops the cancellation that comes in the moment in which one of its tasks fails.
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    # One that failed has ended the others, so it comes first.
    for task in sorted(tasks, key=asyncio.Task.cancelled):
        task.result()


def by_ids(ids: Sequence[str]) -> FilterReturn:
    """Return the filter that selects objects by their ids."""
    return Where.by_id().contains_any(list(ids))


def _returned(found: Sequence[object]) -> dict[str, str | int | float]:
    return {names.DB_RETURNED_ROWS: len(found)}


def _size(new: NewObject) -> int:
    """Return the approximate number of bytes on the wire."""
    vector = 0 if new.vector is None else len(new.vector) * _PROPERTY_BYTES
    return vector + sum(len(value) * _PROPERTY_BYTES for value in new.properties.values() if isinstance(value, str))
