"""The documents that one search may use, fixed before anything is ranked."""

import json
import sqlite3
from dataclasses import dataclass

from groundwire_server.adapters.store.embedded.access import visible_lists
from groundwire_server.adapters.store.embedded.filters import compiled
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.filters import Filter


@dataclass(frozen=True, slots=True)
class Scope:
    """A tenant's corpus in one state, narrowed to a caller and a filter.

    Attributes:
        tenant: its number.
        change: counts the corpus's changes.
        version: the corpus version that callers see.
        lists: ids of the access lists that admit the caller.
        documents: ids of the visible documents that satisfy the filter; None without one.
    """

    tenant: int
    change: int
    version: str
    lists: tuple[int, ...]
    documents: tuple[int, ...] | None


def resolve(connection: sqlite3.Connection, caller: Caller, condition: Filter | None) -> Scope | None:
    """Return what the caller may search; None when the tenant has never stored a document."""
    lists = visible_lists(caller)
    found = connection.execute(
        "SELECT id, change, version, (SELECT json_group_array(list) FROM "  # noqa: S608 - our own words
        f"(SELECT DISTINCT list FROM {lists.sql})) FROM tenants WHERE name = ?",
        (*lists.parameters, caller.tenant),
    ).fetchone()
    if found is None:
        return None
    tenant, change, version, visible = found
    documents = None if condition is None else _satisfying(connection, tenant, visible, condition)
    return Scope(tenant, change, version, tuple(json.loads(visible)), documents)


def _satisfying(connection: sqlite3.Connection, tenant: int, visible: str, condition: Filter) -> tuple[int, ...]:
    clause = compiled(condition, tenant)
    (found,) = connection.execute(
        "SELECT json_group_array(d.id) FROM documents AS d "  # noqa: S608 - our own words
        f"WHERE d.tenant = ? AND d.access IN (SELECT value FROM json_each(?)) AND {clause.sql}",
        (tenant, visible, *clause.parameters),
    ).fetchone()
    return tuple(json.loads(found))
