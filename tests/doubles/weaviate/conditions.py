"""Filters as they come over the wire, evaluated object by object."""

from typing import Any

from weaviate.proto.v1 import base_pb2

from tests.doubles.weaviate.memory import AccessDenied, Kept

Filters = base_pb2.Filters


def holds(condition: Filters, kept: Kept) -> bool:
    """Whether an object satisfies a filter."""
    match condition.operator:
        case Filters.OPERATOR_AND:
            return all(holds(each, kept) for each in condition.filters)
        case Filters.OPERATOR_OR:
            return any(holds(each, kept) for each in condition.filters)
        case Filters.OPERATOR_NOT:
            (inner,) = condition.filters
            return not holds(inner, kept)
        case _:
            name = condition.target.property
            return _compared(condition, kept.id if name == "_id" else kept.properties.get(name))


def _compared(condition: Filters, found: Any) -> bool:
    value = getattr(condition, str(condition.WhichOneof("test_value")))
    match condition.operator:
        case Filters.OPERATOR_CONTAINS_ANY:
            return not _items(found).isdisjoint(value.values)
        case Filters.OPERATOR_CONTAINS_ALL:
            return _items(found).issuperset(value.values)
        case Filters.OPERATOR_EQUAL:
            return bool(found == value)
        case Filters.OPERATOR_NOT_EQUAL:
            return bool(found != value)
        case Filters.OPERATOR_GREATER_THAN:
            # As UTF-8, as its index keeps them.
            return found is not None and _key(found) > _key(value)
        case Filters.OPERATOR_LESS_THAN:
            return found is not None and _key(found) < _key(value)
        case _:
            raise AccessDenied(f"unknown filter operator {Filters.Operator.Name(condition.operator)}")


def _items(found: Any) -> set[str]:
    if found is None:
        return set()
    # An index over whole values drops the white space around them.
    return {each.strip() for each in (found if isinstance(found, list) else [found])}


def _key(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value
