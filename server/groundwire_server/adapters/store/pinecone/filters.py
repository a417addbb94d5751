"""The typed filter in Pinecone's language, over the fields of `facts.py`.

That language cannot negate a condition, so each condition is written the other way round where it must not hold.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from groundwire_server.adapters.store.pinecone import facts
from groundwire_server.adapters.store.pinecone.records import Conditions
from groundwire_server.domain.caller import EVERYBODY
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Filter, IsNull, Not, Range

Condition: TypeAlias = Conditions | bool
"""A filter, or its value where that is known in advance: Pinecone has no empty conditions."""


def visible_to(principals: frozenset[str]) -> Conditions:
    """Return the filter that selects what a caller with these principals may see."""
    return {facts.ACCESS: {"$in": [facts.reader(each) for each in sorted(principals | {EVERYBODY})]}}


def compiled(condition: Filter, *, holds: bool = True) -> Condition:
    """Translate a filter, with the meaning of `domain.filters.matches`.

    Args:
        condition: the filter.
        holds: whether it is to hold, or not.
    """
    match condition:
        case AllOf(operands):
            return (all_of if holds else _any_of)([compiled(operand, holds=holds) for operand in operands])
        case AnyOf(operands):
            return (_any_of if holds else all_of)([compiled(operand, holds=holds) for operand in operands])
        case Not(operand):
            return compiled(operand, holds=not holds)
        case IsNull(key, is_null):
            return _has([facts.present(key)], holds=holds is not is_null)
        case Equals(key, value):
            if isinstance(value, bool | str):
                return _has([facts.equal(key, value)], holds=holds)
            return _number(key, [("$eq", "$ne", value)], holds=holds)
        case Contains(key, values, all_values):
            return _contains(key, values, all_values=all_values, holds=holds)
        case Range(key):
            bounds = (
                ("$gt", "$lte", condition.greater_than),
                ("$gte", "$lt", condition.at_least),
                ("$lt", "$gte", condition.less_than),
                ("$lte", "$gt", condition.at_most),
            )
            given = [(inside, outside, bound) for inside, outside, bound in bounds if bound is not None]
            return _number(key, given, holds=holds)


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Return the conjunction of conditions."""
    if any(condition is False for condition in conditions):
        return False
    return _joined("$and", conditions, empty=True)


def _any_of(conditions: Sequence[Condition]) -> Condition:
    if any(condition is True for condition in conditions):
        return True
    return _joined("$or", conditions, empty=False)


def _joined(operator: str, conditions: Sequence[Condition], *, empty: bool) -> Condition:
    open_ones = [condition for condition in conditions if not isinstance(condition, bool)]
    match open_ones:
        case []:
            return empty
        case [only]:
            return only
        case _:
            return {operator: open_ones}


def _has(any_of: Sequence[str], *, holds: bool) -> Condition:
    if not any_of:
        return not holds
    return {facts.FACTS: {"$in" if holds else "$nin": list(any_of)}}


def _contains(key: str, values: Sequence[str], *, all_values: bool, holds: bool) -> Condition:
    items = [facts.item(key, value) for value in dict.fromkeys(values)]
    if not all_values:
        return _has(items, holds=holds)
    each = [_has([token], holds=holds) for token in (facts.listed(key), *items)]
    return all_of(each) if holds else _any_of(each)


def _number(key: str, bounds: Sequence[tuple[str, str, float]], *, holds: bool) -> Condition:
    """Return the filter on numbers within all bounds, each given with its operator and that operator's opposite."""
    field = facts.number_field(key)
    there: dict[str, Any] = {field: {"$exists": holds}}
    if holds:
        return all_of([{field: {inside: bound + 0.0}} for inside, _, bound in bounds] or [there])
    return _any_of([there, *({field: {outside: bound + 0.0}} for _, outside, bound in bounds)])
