"""The typed filter."""

from groundwire.v1 import filter_pb2
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.filters import (
    MAX_DEPTH,
    MAX_NODES,
    AllOf,
    AnyOf,
    Contains,
    Equals,
    Filter,
    IsNull,
    Not,
    Range,
)
from groundwire_server.edge.convert.metadata import fill_value, value_from_pb


def filter_from_pb(condition: filter_pb2.Filter, field: str) -> Filter:
    """Read a filter.

    Args:
        condition: has passed validation.
        field: where it stood in the request.

    Raises:
        Rejection: INVALID_REQUEST when it is too deep or too large, or compares with a list.
    """
    return _Reading(field).read(condition, depth=1)


class _Reading:
    def __init__(self, field: str) -> None:
        self._field = field
        self._nodes = 0

    def read(self, condition: filter_pb2.Filter, depth: int) -> Filter:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise Rejection.invalid(self._field, f"must be at most {MAX_DEPTH} levels deep", "filter.depth")
        if self._nodes > MAX_NODES:
            raise Rejection.invalid(self._field, f"must have at most {MAX_NODES} nodes", "filter.nodes")
        match condition.WhichOneof("condition"):
            case "all_of":
                return AllOf(tuple(self.read(operand, depth + 1) for operand in condition.all_of.operands))
            case "any_of":
                return AnyOf(tuple(self.read(operand, depth + 1) for operand in condition.any_of.operands))
            case "negation":
                return Not(self.read(condition.negation, depth + 1))
            case "equals":
                return self._equals(condition.equals)
            case "range":
                return _range(condition.range)
            case "contains":
                contains = condition.contains
                every = contains.match == filter_pb2.Contains.MATCH_ALL
                return Contains(contains.key, tuple(contains.values), every)
            case _:
                return IsNull(condition.is_null.key, condition.is_null.is_null)

    def _equals(self, equals: filter_pb2.Equals) -> Equals:
        value = value_from_pb(equals.value)
        if isinstance(value, tuple):
            raise Rejection.invalid(
                self._field, "equals compares with a string, a number or a bool; use contains for lists", "equals.list"
            )
        return Equals(equals.key, value)


def fill_filter(message: filter_pb2.Filter, condition: Filter) -> None:
    """Write a filter into a message."""
    match condition:
        case AllOf(operands):
            message.all_of.SetInParent()
            for operand in operands:
                fill_filter(message.all_of.operands.add(), operand)
        case AnyOf(operands):
            message.any_of.SetInParent()
            for operand in operands:
                fill_filter(message.any_of.operands.add(), operand)
        case Not(operand):
            fill_filter(message.negation, operand)
        case Equals(key, value):
            message.equals.key = key
            fill_value(message.equals.value, value)
        case Contains(key, values, all_values):
            match_ = filter_pb2.Contains.MATCH_ALL if all_values else filter_pb2.Contains.MATCH_ANY
            message.contains.CopyFrom(filter_pb2.Contains(key=key, values=values, match=match_))
        case IsNull(key, is_null):
            message.is_null.key, message.is_null.is_null = key, is_null
        case Range(key, greater_than, at_least, less_than, at_most):
            bounds = filter_pb2.Range(
                key=key, greater_than=greater_than, at_least=at_least, less_than=less_than, at_most=at_most
            )
            message.range.CopyFrom(bounds)


def _range(bounds: filter_pb2.Range) -> Range:
    return Range(
        bounds.key,
        greater_than=bounds.greater_than if bounds.HasField("greater_than") else None,
        at_least=bounds.at_least if bounds.HasField("at_least") else None,
        less_than=bounds.less_than if bounds.HasField("less_than") else None,
        at_most=bounds.at_most if bounds.HasField("at_most") else None,
    )
