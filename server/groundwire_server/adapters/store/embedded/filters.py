"""The typed filter as SQL, with the meaning of `domain.filters.matches`; the contract suite compares the two.

A document's metadata is stored a second time as facts, one row per value, so a selective filter reads an index instead
of every document. Each leaf selects the set of documents that have a fact; the set is computed once per statement.
"""

import sqlite3
from collections.abc import Iterator
from enum import IntEnum

from groundwire_server.adapters.store.embedded.clauses import Clause, joined, marks
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Filter, IsNull, Not, Range
from groundwire_server.domain.metadata import Metadata, MetadataValue


class _Kind(IntEnum):
    """The type of a fact, so that true, 1 and "1" stay three values. Stored: never renumber."""

    TEXT = 1
    NUMBER = 2
    FLAG = 3
    LIST = 4
    ITEM = 5


def store_facts(connection: sqlite3.Connection, tenant: int, document: int, metadata: Metadata) -> None:
    """Store the metadata of a document for filters."""
    rows = [(tenant, key, *fact, document) for key, value in metadata.items() for fact in _facts(value)]
    connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?)", rows)


def compiled(condition: Filter, tenant: int) -> Clause:
    """Return the filter as SQL about a row `d` of `documents`."""
    match condition:
        case AllOf(operands):
            return joined([compiled(operand, tenant) for operand in operands], "AND") if operands else Clause("1")
        case AnyOf(operands):
            return joined([compiled(operand, tenant) for operand in operands], "OR") if operands else Clause("0")
        case Not(operand):
            inner = compiled(operand, tenant)
            return Clause(f"NOT {inner.sql}", inner.parameters)
        case IsNull(key, is_null):
            present = _with_fact(tenant, key)
            return Clause(f"NOT {present.sql}", present.parameters) if is_null else present
        case Equals(key, value):
            ((kind, stored),) = _facts(value)
            return _with_fact(tenant, key, Clause(" AND kind = ? AND value = ?", (kind, stored)))
        case Contains(key, values, all_values):
            return _contains(tenant, key, values, all_values=all_values)
        case Range():
            return _with_fact(tenant, condition.key, _bounds(condition))


def _facts(value: MetadataValue) -> Iterator[tuple[_Kind, str | float]]:
    if isinstance(value, bool):
        yield _Kind.FLAG, float(value)
    elif isinstance(value, str):
        yield _Kind.TEXT, value
    elif isinstance(value, tuple):
        yield _Kind.LIST, ""
        yield from ((_Kind.ITEM, item) for item in dict.fromkeys(value))
    else:
        yield _Kind.NUMBER, float(value)


def _with_fact(tenant: int, key: str, about: Clause | None = None) -> Clause:
    about = about or Clause("")
    return Clause(
        f"(d.id IN (SELECT document FROM facts WHERE tenant = ? AND key = ?{about.sql}))",  # noqa: S608 - our own words
        (tenant, key, *about.parameters),
    )


def _contains(tenant: int, key: str, values: tuple[str, ...], *, all_values: bool) -> Clause:
    if all_values:
        is_list = Clause(" AND kind = ?", (_Kind.LIST,))
        items = [Clause(" AND kind = ? AND value = ?", (_Kind.ITEM, value)) for value in values]
        return joined([_with_fact(tenant, key, about) for about in (is_list, *items)], "AND")
    return _with_fact(tenant, key, Clause(f" AND kind = ? AND value IN ({marks(values)})", (_Kind.ITEM, *values)))


def _bounds(condition: Range) -> Clause:
    bounds = (
        (">", condition.greater_than),
        (">=", condition.at_least),
        ("<", condition.less_than),
        ("<=", condition.at_most),
    )
    given = [(operator, bound) for operator, bound in bounds if bound is not None]
    return Clause(
        " AND kind = ?" + "".join(f" AND value {operator} ?" for operator, _ in given),
        (_Kind.NUMBER, *(bound for _, bound in given)),
    )
