"""Filters as JSON: each names its kind, for two kinds may have the same fields."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Filter, IsNull, Not, Range

_KIND: Final = "kind"

_KINDS: Final[Mapping[str, type[Filter]]] = {
    each.__name__: each for each in (AllOf, AnyOf, Not, Equals, Range, Contains, IsNull)
}


def filter_as_json(condition: Filter) -> dict[str, Any]:
    """Return a filter in types of JSON."""
    written: dict[str, Any] = {_KIND: type(condition).__name__}
    match condition:
        case AllOf(operands) | AnyOf(operands):
            written["operands"] = [filter_as_json(operand) for operand in operands]
        case Not(operand):
            written["operand"] = filter_as_json(operand)
        case _:
            written |= {each.name: getattr(condition, each.name) for each in fields(condition)}
    return written


def filter_of(written: Mapping[str, Any]) -> Filter:
    """Read what `filter_as_json` has written.

    Raises:
        ValueError: when it is of another version.
    """
    values = {name: _value(value) for name, value in written.items() if name != _KIND}
    try:
        return _KINDS[written[_KIND]](**values)
    except (LookupError, TypeError) as wrong:
        raise ValueError("no filter of this version") from wrong


def _value(written: Any) -> Any:
    match written:
        case {}:
            return filter_of(written)
        case [*several]:
            return tuple(map(_value, several))
        case _:
            return written
