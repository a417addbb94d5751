"""A piece of SQL together with the values that belong to its question marks."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clause:
    """SQL made of our own words alone; every value that comes from outside is a parameter."""

    sql: str
    parameters: tuple[str | bytes | float, ...] = ()


def marks(values: Sequence[object]) -> str:
    """Return as many question marks as there are values."""
    return ", ".join("?" * len(values))


def joined(clauses: Sequence[Clause], operator: str) -> Clause:
    """Combine clauses with AND or OR."""
    sql = f" {operator} ".join(clause.sql for clause in clauses)
    return Clause(f"({sql})", tuple(value for clause in clauses for value in clause.parameters))
