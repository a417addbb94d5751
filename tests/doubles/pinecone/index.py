"""One index of Pinecone in memory: namespaces, their logs, and exact rankings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.doubles.pinecone.conditions import satisfies

MOST_RECORDS = 1_000
MOST_FOUND = 10_000
_METADATA_BYTES = 40 * 1024
_ID_LENGTH = 512
_DIMENSIONS = 2_048
"""Of a sparse vector."""


class BadRequestError(Exception):
    """A request that Pinecone would refuse; the text is for the log of a test alone."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record."""

    id: str
    values: tuple[float, ...]
    sparse: Mapping[int, float]
    metadata: Mapping[str, Any]


@dataclass(slots=True)
class Write:
    """A change that is accepted and not found yet: records to keep, and ids to drop."""

    number: int
    kept: Sequence[Kept]
    dropped: Sequence[str]
    reads: int = 0


@dataclass(slots=True)
class Namespace:
    """One tenant's records.

    Attributes:
        records: those that reads find.
        log: what they do not find yet.
        number: of the last write.
    """

    records: dict[str, Kept] = field(default_factory=dict)
    log: list[Write] = field(default_factory=list)
    number: int = 0

    @property
    def indexed(self) -> int:
        """The number of the last write that reads find."""
        return self.log[0].number - 1 if self.log else self.number

    def read(self, lag: int) -> None:
        """Count a read: a write is found once so many reads have missed it."""
        while self.log and self.log[0].reads >= lag:
            write = self.log.pop(0)
            self.records.update({each.id: each for each in write.kept})
            for dropped in write.dropped:
                self.records.pop(dropped, None)
        for write in self.log:
            write.reads += 1


class Index:
    """One index.

    Attributes:
        dimension: of its dense vectors; 0 for a sparse index.
        metric: `cosine`, `dotproduct` or `euclidean`.
        namespaces: by name.
        lag: reads that a write is not found by.
    """

    def __init__(self, dimension: int = 0, metric: str = "") -> None:
        self.dimension = dimension
        self.metric = metric or ("cosine" if dimension else "dotproduct")
        self.namespaces: dict[str, Namespace] = {}
        self.lag = 0

    def upsert(self, name: str, vectors: Sequence[Mapping[str, Any]]) -> int:
        """Accept records; return the write's number."""
        if not 0 < len(vectors) <= MOST_RECORDS:
            raise BadRequestError("1 to 1,000 records")
        return self._write(name, [self._kept(each) for each in vectors], ())

    def delete(self, name: str, ids: Sequence[str]) -> int | None:
        """Accept a deletion; None where there is no such namespace."""
        if not 0 < len(ids) <= MOST_RECORDS:
            raise BadRequestError("1 to 1,000 ids")
        return self._write(name, (), ids) if name in self.namespaces else None

    def reading(self, name: str) -> Namespace:
        """The namespace as a read finds it."""
        found = self.namespaces.get(name, Namespace())
        found.read(self.lag)
        return found

    def scored(
        self, name: str, dense: Sequence[float] | None, sparse: Mapping[int, float] | None, condition: Mapping[str, Any]
    ) -> tuple[list[tuple[float, Kept]], int]:
        """Records that satisfy a filter with their scores, best first, and the number of the last write found."""
        namespace = self.reading(name)
        held = [each for each in namespace.records.values() if satisfies(each.metadata, condition)]
        if self.dimension:
            if dense is None or sparse is not None:
                raise BadRequestError("a dense index is asked with a dense vector")
            scores = self._similarities(self._dense(dense), held)
        else:
            if sparse is None or dense is not None:
                raise BadRequestError("a sparse index is asked with a sparse vector")
            scores = [_product(sparse, each.sparse) for each in held]
            held, scores = _only_shared(sparse, held, scores)
        ranked = sorted(zip(scores, held, strict=True), key=lambda each: -each[0])
        return ranked, namespace.indexed

    def _write(self, name: str, kept: Sequence[Kept], dropped: Sequence[str]) -> int:
        namespace = self.namespaces.setdefault(name, Namespace())
        namespace.number += 1
        namespace.log.append(Write(namespace.number, kept, dropped))
        if not self.lag:
            namespace.read(0)
        return namespace.number

    def _kept(self, given: Mapping[str, Any]) -> Kept:
        name, metadata = given["id"], given.get("metadata") or {}
        if not (name.isascii() and 0 < len(name) <= _ID_LENGTH):
            raise BadRequestError("an id has 1 to 512 ASCII characters")
        check_metadata(metadata)
        values, sparse = given.get("values") or [], given.get("sparseValues")
        if self.dimension:
            if sparse is not None:
                raise BadRequestError("a dense index has no sparse vectors")
            return Kept(name, self._dense(values), {}, metadata)
        if values or sparse is None:
            raise BadRequestError("a sparse index has sparse vectors alone")
        return Kept(name, (), read_sparse(sparse), metadata)

    def _dense(self, values: Sequence[float]) -> tuple[float, ...]:
        if len(values) != self.dimension:
            said = f"Vector dimension {len(values)} does not match the dimension of the index {self.dimension}"
            raise BadRequestError(said)
        if not any(values):
            raise BadRequestError("Dense vectors must contain at least one non-zero value.")
        return tuple(values)

    def _similarities(self, asked: Sequence[float], held: Sequence[Kept]) -> list[float]:
        if not held:
            return []
        rows = np.array([each.values for each in held], np.float64)
        products: list[float] = (rows @ np.array(asked)).tolist()
        if self.metric == "dotproduct":
            return products
        lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(asked)
        return [product / length for product, length in zip(products, lengths.tolist(), strict=True)]


def read_sparse(given: Mapping[str, Any]) -> dict[int, float]:
    """A sparse vector's values by dimension."""
    indices, values = given["indices"], given["values"]
    if len(indices) != len(values) or not 0 < len(indices) <= _DIMENSIONS or len(set(indices)) != len(indices):
        raise BadRequestError("a sparse vector has 1 to 2,048 dimensions, each once, with a value each")
    if not all(0 <= index < 2**32 for index in indices) or 0 in values:
        raise BadRequestError("a sparse vector has dimensions of 32 bits and no zeros")
    return dict(zip(indices, values, strict=True))


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Refuse metadata that Pinecone does not keep."""
    for value in metadata.values():
        if isinstance(value, list):
            if not all(isinstance(item, str) for item in value):
                raise BadRequestError("a list holds text alone")
        elif not isinstance(value, str | bool | int | float):
            raise BadRequestError("metadata is text, numbers, truth values and lists of text")
    size = sum(len(key) + len(str(value).encode()) for key, value in metadata.items())
    if size > _METADATA_BYTES:
        raise BadRequestError(f"metadata size is {size} bytes, which exceeds the limit of 40960 bytes per vector")


def _product(asked: Mapping[int, float], held: Mapping[int, float]) -> float:
    return sum(value * held.get(index, 0.0) for index, value in asked.items())


def _only_shared(
    asked: Mapping[int, float], held: Sequence[Kept], scores: Sequence[float]
) -> tuple[list[Kept], list[float]]:
    """What has a dimension in common with the question: a sparse index finds nothing else."""
    shared = [(each, score) for each, score in zip(held, scores, strict=True) if asked.keys() & each.sparse.keys()]
    return [each for each, _ in shared], [score for _, score in shared]
