"""The typed filter. A condition on an absent key is false; `IsNull(key, True)` alone is true."""

from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.domain.metadata import Metadata, MetadataValue

MAX_DEPTH = 8
MAX_NODES = 64


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every operand is true."""

    operands: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one operand is true."""

    operands: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The operand is false."""

    operand: "Filter"


@dataclass(frozen=True, slots=True)
class Equals:
    """The value under the key has the same type and the same value."""

    key: str
    value: str | float | bool


@dataclass(frozen=True, slots=True)
class Range:
    """The number under the key lies within every bound given."""

    key: str
    greater_than: float | None = None
    at_least: float | None = None
    less_than: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Contains:
    """The list under the key holds one of the values, or all of them."""

    key: str
    values: tuple[str, ...]
    all_values: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """The key is absent, or present."""

    key: str
    is_null: bool = True


Filter: TypeAlias = AllOf | AnyOf | Not | Equals | Range | Contains | IsNull


def matches(condition: Filter, metadata: Metadata) -> bool:
    """Return whether metadata match a filter. The contract suite compares stores that evaluate filters with this."""
    match condition:
        case AllOf(operands):
            return all(matches(operand, metadata) for operand in operands)
        case AnyOf(operands):
            return any(matches(operand, metadata) for operand in operands)
        case Not(operand):
            return not matches(operand, metadata)
        case IsNull(key, is_null):
            return (key not in metadata) is is_null
        case Equals(key, value):
            found = metadata.get(key)
            return found is not None and isinstance(found, bool) is isinstance(value, bool) and found == value
        case Contains(key, values, all_values):
            held = metadata.get(key)
            if not isinstance(held, tuple):
                return False
            return (all if all_values else any)(value in held for value in values)
        case Range():
            return _within(condition, metadata.get(condition.key))


def _within(bounds: Range, number: MetadataValue | None) -> bool:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    return (
        (bounds.greater_than is None or number > bounds.greater_than)
        and (bounds.at_least is None or number >= bounds.at_least)
        and (bounds.less_than is None or number < bounds.less_than)
        and (bounds.at_most is None or number <= bounds.at_most)
    )
