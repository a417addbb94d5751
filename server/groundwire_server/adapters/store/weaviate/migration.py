"""Migration of Weaviate's schema to the configuration: a plan first, then its steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from weaviate import WeaviateAsyncClient
from weaviate.classes.config import DataType, Property, Tokenization
from weaviate.exceptions import UnexpectedStatusCodeError

from groundwire_server.adapters.store.weaviate.connection import WeaviateCall, WeaviateConnection
from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.options import VectorSource, WeaviateOptions
from groundwire_server.adapters.store.weaviate.schema import CollectionSchema, PropertySchema, definition, wanted
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause

_NOT_FOUND = 404


class SchemaChange(StrEnum):
    """The kinds of steps."""

    CREATE = "create the collection"
    ADD_PROPERTY = "add the property"
    RECREATE = "delete the collection with everything in it, and create it again"


@dataclass(frozen=True, slots=True)
class Step:
    """One change to the schema.

    Attributes:
        change: the kind of step.
        collection: that is changed.
        reason: for the operator.
        added: the property that is added; empty in other steps.
    """

    change: SchemaChange
    collection: str
    reason: str
    added: str = ""

    @property
    def destructive(self) -> bool:
        """Whether documents are lost and must be ingested again."""
        return self.change is SchemaChange.RECREATE

    def __str__(self) -> str:
        subject = f"{self.collection}.{self.added}" if self.added else self.collection
        return f"{subject}: {self.change.value} ({self.reason})"


class DestructiveChangeFailure(Failure):
    """The plan would lose documents, which was not allowed.

    Attributes:
        advice: for the operator.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        super().__init__(Cause.STORE_MISCONFIGURED)
        lost = ", ".join(sorted({step.collection for step in steps}))
        self.advice = (
            f"This would delete {lost} with all documents in them. Allow destructive changes and ingest the documents "
            "again, or configure another collection."
        )

    def __str__(self) -> str:
        return self.advice


class Schema:
    """The schema of one store.

    Args:
        connection: to Weaviate.
        options: of the store.
        vectors: what makes the vectors of its chunks.
    """

    def __init__(self, connection: WeaviateConnection, options: WeaviateOptions, vectors: VectorSource) -> None:
        self._connection = connection
        self._wanted = wanted(options, vectors)

    async def plan(self, deadline: Deadline) -> tuple[Step, ...]:
        """Return the steps from the current schema to the configured one; empty when they are the same.

        Raises:
            Failure: of the store.
        """
        current = await self.current(deadline)
        return tuple(step for each in self._wanted for step in _steps(each, current[each.name]))

    async def current(self, deadline: Deadline) -> Mapping[str, dict[str, Any] | None]:
        """Return the definition of each collection as Weaviate has it; None for one that does not exist.

        Raises:
            Failure: of the store.
        """
        found: dict[str, dict[str, Any] | None] = {}
        for name in (each.name for each in self._wanted):
            operation = WeaviateCall("schema.get", name, over_http=True)
            found[name] = await self._connection.call(operation, deadline, partial(_found, name=name))
        return found

    async def apply(self, steps: Sequence[Step], deadline: Deadline, *, destructive: bool = False) -> None:
        """Carry out a plan, in its order.

        Raises:
            DestructiveChangeFailure: when a step would lose documents without `destructive`; no step is done.
            Failure: of the store.
        """
        losing = [step for step in steps if step.destructive]
        if losing and not destructive:
            raise DestructiveChangeFailure(losing)
        for step in steps:
            operation = WeaviateCall("schema.update", step.collection, over_http=True)
            await self._connection.call(operation, deadline, partial(self._carry_out, step=step))

    async def _carry_out(self, client: WeaviateAsyncClient, step: Step) -> None:
        (collection,) = [each for each in self._wanted if each.name == step.collection]
        match step.change:
            case SchemaChange.CREATE:
                await client.collections.create_from_dict(definition(collection))
            case SchemaChange.RECREATE:
                await client.collections.delete(collection.name)
                await client.collections.create_from_dict(definition(collection))
            case SchemaChange.ADD_PROPERTY:
                (added,) = [each for each in collection.properties if each.name == step.added]
                await client.collections.use(collection.name).config.add_property(_as_property(added))


async def _found(client: WeaviateAsyncClient, name: str) -> dict[str, Any] | None:
    try:
        config = await client.collections.export_config(name)
    except UnexpectedStatusCodeError as error:
        if error.status_code != _NOT_FOUND:
            raise
        # One that starts does not have its collections yet, and must not be given others.
        if not await client.is_ready():
            raise StoreFailure(WeaviateFault.UNAVAILABLE) from None
        return None
    return config.to_dict()


def _steps(collection: CollectionSchema, found: dict[str, Any] | None) -> list[Step]:
    if found is None:
        return [Step(SchemaChange.CREATE, collection.name, "it does not exist")]
    different = _differences(collection, found)
    if different:
        return [Step(SchemaChange.RECREATE, collection.name, "; ".join(different))]
    known = {each["name"] for each in found["properties"]}
    return [
        Step(SchemaChange.ADD_PROPERTY, collection.name, "it does not exist", each.name)
        for each in collection.properties
        if each.name not in known
    ]


def _differences(collection: CollectionSchema, found: dict[str, Any]) -> list[str]:
    """Return the differences that cannot be changed while the collection holds objects."""
    different: list[str] = []
    if not found.get("multiTenancyConfig", {}).get("enabled"):
        different.append("it has no multi-tenancy")
    replicas = found.get("replicationConfig", {}).get("factor")
    if replicas != collection.replicas:
        different.append(f"it has {replicas} replicas and {collection.replicas} are configured")
    if found.get("description") != collection.description:
        different.append(f"it is “{found.get('description') or ''}” and not “{collection.description}”")
    vectors = found.get("vectorConfig") or {}
    different += [f"it has no vector {name}" for name in collection.vectors if name not in vectors]
    different += [
        f"the vector {name} is not compared by cosine"
        for name in collection.vectors
        if name in vectors and vectors[name]["vectorIndexConfig"].get("distanceMetric", "cosine") != "cosine"
    ]
    by_name = {each["name"]: each for each in found["properties"]}
    different += [
        f"the property {each.name} is indexed otherwise"
        for each in collection.properties
        if each.name in by_name and not _same(each, by_name[each.name])
    ]
    return different


def _same(wanted_property: PropertySchema, found: dict[str, Any]) -> bool:
    return (
        found["dataType"] == [wanted_property.type]
        and (not wanted_property.tokenization or found.get("tokenization") == wanted_property.tokenization)
        and found.get("indexFilterable") is wanted_property.filterable
        and found.get("indexSearchable") is wanted_property.searchable
    )


def _as_property(schema: PropertySchema) -> Property:
    return Property(
        name=schema.name,
        data_type=DataType(schema.type),
        tokenization=Tokenization(schema.tokenization) if schema.tokenization else None,
        index_filterable=schema.filterable,
        index_searchable=schema.searchable,
    )
