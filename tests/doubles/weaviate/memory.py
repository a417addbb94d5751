"""What the double keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class AccessDenied(Exception):
    """Weaviate says no, in these words."""


@dataclass(slots=True)
class Kept:
    """One object; its vectors are normalised, as cosine indexes keep them."""

    id: str
    properties: dict[str, Any]
    vectors: dict[str, Array]


@dataclass(slots=True)
class Tenant:
    objects: dict[str, Kept] = field(default_factory=dict)
    dimensions: dict[str, int] = field(default_factory=dict)
    active: bool = True


@dataclass(slots=True)
class Collection:
    definition: dict[str, Any]
    tenants: dict[str, Tenant] = field(default_factory=dict)
    read_only: bool = False

    @property
    def name(self) -> str:
        return str(self.definition["class"])

    @property
    def types(self) -> Mapping[str, str]:
        return {each["name"]: each["dataType"][0] for each in self.definition["properties"]}

    @property
    def tokenizations(self) -> Mapping[str, str]:
        return {each["name"]: each.get("tokenization", "") for each in self.definition["properties"]}

    @property
    def vectors(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.definition.get("vectorConfig") or {}
        return found

    def embedded(self, vector: str) -> Sequence[str] | None:
        """The properties that a module makes this vector of; None where vectors are given."""
        ((module, settings),) = self.vectors[vector]["vectorizer"].items()
        return None if module == "none" else list(settings["properties"])

    def tenant(self, name: str) -> Tenant:
        if name not in self.tenants:
            raise AccessDenied(f'tenant not found: "{name}"')
        tenant = self.tenants[name]
        if not tenant.active:
            raise AccessDenied(f"tenant not active: '{name}'")
        return tenant


def put(collection: Collection, tenant_name: str, new: Kept) -> None:
    """Write an object, or write over it."""
    tenant = collection.tenant(tenant_name)
    if collection.read_only:
        raise AccessDenied("store is read-only due to: disk usage too high")
    for name, value in new.properties.items():
        if collection.types.get(name) == "int" and not isinstance(value, float | int):
            raise AccessDenied(
                f"invalid integer property '{name}' on class '{collection.name}': requires an integer, "
                f"the given value is '{value}'"
            )
    for name, vector in new.vectors.items():
        known = tenant.dimensions.setdefault(name, len(vector))
        if known != len(vector):
            raise AccessDenied(
                f"Validate vector index {name} for target vector {new.id}: new node has a vector with length "
                f"{len(vector)}. Existing nodes have vectors with length {known}: vector dimensions do not match the "
                "index dimensions"
            )
    tenant.objects[new.id] = new


def normalised(vector: Array) -> Array:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector
