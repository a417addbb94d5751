"""The typed filter as Weaviate's filter over the tokens of `tokens.py`."""

from collections.abc import Sequence
from typing import TypeAlias

from weaviate.classes.query import Filter as Where
from weaviate.collections.classes.filters import FilterReturn

from groundwire_server.adapters.store.weaviate import tokens
from groundwire_server.adapters.store.weaviate.properties import ACCESS, BODY, DOCUMENT, FACTS
from groundwire_server.domain.caller import EVERYBODY
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Filter, IsNull, Not, Range

Condition: TypeAlias = FilterReturn | bool
"""A filter, or its value where that is known in advance: Weaviate has no empty conditions."""


def visible_to(principals: frozenset[str]) -> FilterReturn:
    """Return the filter that selects what a caller with these principals may see."""
    readers = sorted(principals | {EVERYBODY})
    return Where.by_property(ACCESS).contains_any([tokens.principal_token(reader) for reader in readers])


def of_body(document: str, body: str) -> FilterReturn:
    """Return the filter that selects what one change wrote of a document."""
    return Where.all_of([Where.by_property(DOCUMENT).equal(document), Where.by_property(BODY).equal(body)])


def compiled(condition: Filter) -> Condition:
    """Translate a filter, with the meaning of `domain.filters.matches`."""
    match condition:
        case AllOf(operands):
            return all_of([compiled(operand) for operand in operands])
        case AnyOf(operands):
            return _any_of([compiled(operand) for operand in operands])
        case Not(operand):
            return _not(compiled(operand))
        case Equals(key, value):
            return _has([tokens.equal(key, value)])
        case IsNull(key, is_null):
            there = _has([tokens.present(key)])
            return _not(there) if is_null else there
        case Contains(key, values, all_values):
            return _contains(key, values, all_values)
        case Range():
            return _within(condition)


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Return the conjunction of conditions."""
    if any(condition is False for condition in conditions):
        return False
    open_ones = [condition for condition in conditions if not isinstance(condition, bool)]
    return Where.all_of(open_ones) if open_ones else True


def _any_of(conditions: Sequence[Condition]) -> Condition:
    if any(condition is True for condition in conditions):
        return True
    open_ones = [condition for condition in conditions if not isinstance(condition, bool)]
    return Where.any_of(open_ones) if open_ones else False


def _not(condition: Condition) -> Condition:
    return not condition if isinstance(condition, bool) else Where.not_(condition)


def _has(any_of: Sequence[str]) -> Condition:
    return Where.by_property(FACTS).contains_any(any_of) if any_of else False


def _contains(key: str, values: Sequence[str], all_values: bool) -> Condition:
    items = [tokens.item(key, value) for value in dict.fromkeys(values)]
    if not all_values:
        return _has(items)
    return Where.by_property(FACTS).contains_all([tokens.listed(key), *items])


def _within(bounds: Range) -> Condition:
    lower = [
        (bound, above) for bound, above in ((bounds.greater_than, True), (bounds.at_least, False)) if bound is not None
    ]
    upper = [
        (bound, below) for bound, below in ((bounds.less_than, True), (bounds.at_most, False)) if bound is not None
    ]
    least, above = max(lower, default=(None, False), key=_tightest_lower)
    most, below = min(upper, default=(None, False), key=_tightest_upper)
    return _has(tokens.within(bounds.key, least, most, above=above, below=below))


def _tightest_lower(bound: tuple[float | None, bool]) -> tuple[float, bool]:
    return bound[0] or 0.0, bound[1]


def _tightest_upper(bound: tuple[float | None, bool]) -> tuple[float, bool]:
    return bound[0] or 0.0, not bound[1]
