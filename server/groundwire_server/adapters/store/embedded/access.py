"""Who may see what: a document's access list, shared by all documents that have the same."""

import json
import sqlite3
from collections.abc import Set as AbstractSet

from groundwire_server.adapters.store.embedded.clauses import Clause, marks
from groundwire_server.domain.caller import EVERYBODY, Caller


def visible_lists(caller: Caller) -> Clause:
    """Select the ids of the tenant's access lists that admit the caller."""
    principals = sorted(caller.principals | {EVERYBODY})
    return Clause(
        "(SELECT list FROM grants WHERE tenant = (SELECT id FROM tenants WHERE name = ?) "  # noqa: S608 - our own words
        f"AND principal IN ({marks(principals)}))",
        (caller.tenant, *principals),
    )


def intern(connection: sqlite3.Connection, tenant: int, principals: AbstractSet[str]) -> int:
    """Return the id of the access list with exactly these principals, made when it is new."""
    written = encoded(principals)
    found = connection.execute(
        "SELECT id FROM access_lists WHERE tenant = ? AND principals = ?", (tenant, written)
    ).fetchone()
    if found is not None:
        return int(found[0])
    (made,) = connection.execute(
        "INSERT INTO access_lists (tenant, principals) VALUES (?, ?) RETURNING id", (tenant, written)
    ).fetchone()
    rows = [(tenant, principal, made) for principal in principals]
    connection.executemany("INSERT INTO grants VALUES (?, ?, ?)", rows)
    return int(made)


def prune(connection: sqlite3.Connection, access: int) -> None:
    """Forget an access list that no document has any more."""
    if connection.execute("SELECT 1 FROM documents WHERE access = ?", (access,)).fetchone() is None:
        connection.execute("DELETE FROM grants WHERE list = ?", (access,))
        connection.execute("DELETE FROM access_lists WHERE id = ?", (access,))


def encoded(principals: AbstractSet[str]) -> str:
    """Write an access list in the one way that the same principals are always written."""
    return json.dumps(sorted(principals))


def decoded(written: str) -> frozenset[str]:
    """Read an access list."""
    return frozenset(json.loads(written))
