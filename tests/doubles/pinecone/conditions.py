"""Filters of Pinecone's language, evaluated over a record's metadata; what that language lacks is refused."""

from collections.abc import Mapping
from typing import Any

_NUMBER = {
    "$gt": lambda held, bound: held > bound,
    "$gte": lambda held, bound: held >= bound,
    "$lt": lambda held, bound: held < bound,
    "$lte": lambda held, bound: held <= bound,
}
_MOST_VALUES = 10_000


class InvalidFilterError(Exception):
    """A filter that Pinecone would refuse."""


def satisfies(metadata: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    """Whether metadata satisfies a filter; all of its entries must hold."""
    return all(_entry(metadata, key, value) for key, value in condition.items())


def _entry(metadata: Mapping[str, Any], key: str, value: Any) -> bool:
    if key in {"$and", "$or"}:
        if not isinstance(value, list) or not value:
            raise InvalidFilterError(f"{key} needs a list of filters")
        held = [satisfies(metadata, each) for each in value]
        return all(held) if key == "$and" else any(held)
    if key.startswith("$"):
        raise InvalidFilterError(f"{key} is not a valid operator")
    if not isinstance(value, dict):
        value = {"$eq": value}
    if len(value) != 1:
        raise InvalidFilterError(f"{key} has more than one operator")
    ((operator, operand),) = value.items()
    return _holds(metadata.get(key), operator, operand)


def _holds(held: Any, operator: str, operand: Any) -> bool:
    match operator:
        case "$exists":
            return (held is not None) is operand
        case "$eq" | "$ne":
            if isinstance(operand, list | dict) or operand is None:
                raise InvalidFilterError(f"{operator} needs a text, a number or a truth value")
            return _among(held, [operand]) is (operator == "$eq")
        case "$in" | "$nin":
            if not isinstance(operand, list) or not 0 < len(operand) <= _MOST_VALUES:
                raise InvalidFilterError(f"{operator} needs a list of 1 to {_MOST_VALUES} values")
            return _among(held, operand) is (operator == "$in")
        case _ if operator in _NUMBER:
            if isinstance(operand, bool) or not isinstance(operand, int | float):
                raise InvalidFilterError(f"{operator} needs a number")
            return _is_number(held) and _NUMBER[operator](held, operand)
        case _:
            raise InvalidFilterError(f"{operator} is not a valid operator")


def _among(held: Any, values: list[Any]) -> bool:
    items = held if isinstance(held, list) else [held]
    return any(type_of(item) is type_of(value) and item == value for item in items for value in values)


def _is_number(held: Any) -> bool:
    return isinstance(held, int | float) and not isinstance(held, bool)


def type_of(value: Any) -> type:
    """The type that Pinecone gives a value: it has one for all numbers."""
    return float if _is_number(value) else type(value)
