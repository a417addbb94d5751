"""Erasing documents: what is erased, from which places, and the receipt."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class OneDocument:
    """Selects one document by its id."""

    document_id: str


@dataclass(frozen=True, slots=True)
class OneSource:
    """Selects documents by their source URI.

    Attributes:
        prefix: whether every URI that begins with this one is meant.
    """

    uri: str
    prefix: bool = False

    def selects(self, source_uri: str) -> bool:
        """Return whether a document of this source URI is meant."""
        return source_uri.startswith(self.uri) if self.prefix else source_uri == self.uri


@dataclass(frozen=True, slots=True)
class EntireTenant:
    """Selects every document of a tenant."""


@dataclass(frozen=True, slots=True)
class OneSubject:
    """Selects what is kept of a subject; it selects no document."""

    subject: str


@dataclass(frozen=True, slots=True)
class OneEndUser:
    """Selects what is kept of an end user, by the id that callers gave; it selects no document."""

    end_user_id: str


Selection: TypeAlias = OneDocument | OneSource | EntireTenant
RecordSelection: TypeAlias = Selection | OneSubject | OneEndUser


@dataclass(frozen=True, slots=True)
class Erasure:
    """Documents of one tenant that are to be erased, whatever their access list."""

    tenant: str
    selection: Selection


def end_user_hash(tenant: str, end_user_id: str) -> str:
    """Return what an end user of a tenant is kept as, in 64 hexadecimal digits; empty without one.

    It keeps the id out of plain sight, not from somebody who can guess it.
    """
    return hashlib.blake2b(f"{tenant}\0{end_user_id}".encode(), digest_size=32).hexdigest() if end_user_id else ""


@dataclass(frozen=True, slots=True)
class RecordErasure:
    """Records of one tenant that are to be erased: queued questions with their answers, and answers that may stand in.

    A document selects those that cite or show it.
    """

    tenant: str
    selection: RecordSelection


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What an erasure would remove.

    Attributes:
        count: how many documents, whether or not the caller may see them.
        sample: ids of the first that the caller may see, in their order.
    """

    count: int
    sample: tuple[str, ...] = ()


class ErasedPlaceKind(Enum):
    """A place that holds texts of documents, or of answers that quote them; the contract says what each counts."""

    DOCUMENTS = auto()
    PASSAGES = auto()
    TOMBSTONES = auto()
    STORE_FILES = auto()
    KEPT_ANSWERS = auto()
    CACHED_TEXTS = auto()
    CACHED_ANSWERS = auto()
    OPERATIONS = auto()
    CASES = auto()
    FEEDBACK = auto()
    USAGE = auto()
    RECORDINGS = auto()
    EXPERIMENTS = auto()


@dataclass(frozen=True, slots=True)
class ErasedPlace:
    """What was removed from one place.

    Attributes:
        complete: whether nothing is left there.
        note: what else is to be known; one sentence.
    """

    kind: ErasedPlaceKind
    count: int
    complete: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Answers of a tenant that were forgotten in one place.

    Attributes:
        count: how many.
        complete: whether none is left, and none that is being written will be kept.
    """

    count: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What an erasure removed, from where, when and for whom.

    Attributes:
        corpus_version: after an erasure of documents; empty after one of records.
        subject_hash: SHA-256, in lower-case hexadecimal, of the caller's tenant and subject.
        notes: what cannot be reached.
    """

    erasure_id: str
    erasure: Erasure | RecordErasure
    places: Sequence[ErasedPlace]
    erased: datetime
    subject_hash: str
    corpus_version: str
    notes: Sequence[str] = ()

    @property
    def complete(self) -> bool:
        """Whether every place is."""
        return all(place.complete for place in self.places)

    def count(self, kind: ErasedPlaceKind) -> int:
        """Return how many of a kind were removed."""
        return sum(place.count for place in self.places if place.kind is kind)
