"""Changes of documents that have begun: each is an object of its own until it has ended.

A process that is killed leaves the object behind: what it wrote, and what it meant to delete, is found by it.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from weaviate.classes.query import Filter as Where
from weaviate.collections.classes.filters import FilterReturn

from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.objects import NewObject

_PENDING: Final = uuid.UUID("0d6c1f2e-5a0b-5c52-9d0a-7f6a5d0f7c11")

STORED: Final = (p.PENDING, p.DOCUMENT, p.CHANGE, p.UNTIL, p.ABOUT)
"""The properties that `read_pending` needs."""

CLOCK_DIFFERENCE: Final = 10.0
"""Seconds by which the clocks of two servers may differ."""


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change of one document whose end is not stored.

    Attributes:
        change: the corpus version that it makes; the body of what it writes.
        key: of the document.
        document_id: of the document.
        written: how many chunks it writes.
        replaced: the body that counted when the change began; empty if there was none.
        replaced_chunks: how many chunks that has.
        access_alone: whether it changes the access lists of that body and writes no other.
        owner: the store of the process that makes the change.
        until: the POSIX time after which that process no longer ends it.
    """

    change: str
    key: str
    document_id: str
    written: int
    replaced: str
    replaced_chunks: int
    access_alone: bool
    owner: str
    until: float


def pending_object(pending: PendingChange) -> NewObject:
    """Return a change as an object."""
    about = {
        "document_id": pending.document_id,
        "written": pending.written,
        "replaced": pending.replaced,
        "replaced_chunks": pending.replaced_chunks,
        "access_alone": pending.access_alone,
        "owner": pending.owner,
    }
    written = {
        p.PENDING: True,
        p.LIVE: False,
        p.DOCUMENT: pending.key,
        p.CHANGE: pending.change,
        p.UNTIL: pending.until,
        p.ABOUT: json.dumps(about),
    }
    return NewObject(str(uuid.uuid5(_PENDING, f"{pending.change} {pending.key}")), written)


def read_pending(found: Mapping[str, Any]) -> PendingChange:
    """Return the change that an object holds."""
    about = json.loads(found[p.ABOUT])
    return PendingChange(
        found[p.CHANGE],
        found[p.DOCUMENT],
        about["document_id"],
        about["written"],
        about["replaced"],
        about["replaced_chunks"],
        about["access_alone"],
        about["owner"],
        float(found[p.UNTIL]),
    )


def any_pending() -> FilterReturn:
    """Return the filter that selects all changes that have not ended."""
    return Where.by_property(p.PENDING).equal(True)


def pending_of(keys: Sequence[str]) -> FilterReturn:
    """Return the filter that selects the changes of documents that have not ended."""
    return Where.all_of([any_pending(), Where.by_property(p.DOCUMENT).contains_any(list(keys))])


def broken_off(before: float) -> FilterReturn:
    """Return the filter that selects the changes that should have ended before a POSIX time."""
    return Where.all_of([any_pending(), Where.by_property(p.UNTIL).less_than(before)])


def of_changes(pending: Iterable[PendingChange]) -> FilterReturn:
    """Return the filter that selects the objects of these changes."""
    found = list(pending)
    changes = Where.by_property(p.CHANGE).contains_any(sorted({each.change for each in found}))
    return Where.all_of([pending_of(sorted({each.key for each in found})), changes])


def needed_by(pending: Sequence[PendingChange]) -> set[str]:
    """Return the bodies that changes write, or keep while they change who may see them."""
    return {each.change for each in pending} | {each.replaced for each in pending if each.access_alone}
