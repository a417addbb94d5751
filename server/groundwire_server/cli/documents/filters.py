"""The `--filter` option: conditions in the notation of label selectors, or a filter of the contract as JSON."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from google.protobuf import json_format

from groundwire.v1.filter_pb2 import AllOf, AnyOf, Contains, Equals, Filter, IsNull, MetadataValue, Range
from groundwire_server.cli.exits import CommandError, ExitCode

_KEY: Final = "[A-Za-z_][A-Za-z0-9_]{0,63}"
_PRESENT: Final = re.compile(rf"(!?)({_KEY})")
_EQUALS: Final = re.compile(rf"({_KEY})(!?)=(.*)", re.DOTALL)
_BOUND: Final = re.compile(rf"({_KEY})(<=|>=|<|>)(.+)", re.DOTALL)
_BOUNDS: Final = {"<": "less_than", "<=": "at_most", ">": "greater_than", ">=": "at_least"}
_LONGEST_ITEM: Final = 512
"""Code points of an item in a list of strings, as the contract limits it."""


def filter_of(conditions: Sequence[str]) -> Filter | None:
    """Return the filter that all of the conditions make up; None when there are none.

    Raises:
        CommandError: when one cannot be read.
    """
    read = [_condition(condition) for condition in conditions]
    if len(read) > 1:
        return Filter(all_of=AllOf(operands=read))
    return read[0] if read else None


def _condition(written: str) -> Filter:
    if written.startswith("{"):
        return _json(written)
    if found := _PRESENT.fullmatch(written):
        absent, key = found.groups()
        return Filter(is_null=IsNull(key=key, is_null=bool(absent)))
    if found := _BOUND.fullmatch(written):
        key, operator, bound = found.groups()
        number = _number(bound)
        if number is not None:
            return Filter(range=Range(key=key, **{_BOUNDS[operator]: number}))
    elif found := _EQUALS.fullmatch(written):
        key, negated, value = found.groups()
        equal = Filter(any_of=AnyOf(operands=_equal(key, value)))
        return Filter(negation=equal) if negated else equal
    raise _unreadable(
        written, "write KEY=VALUE, KEY!=VALUE, KEY<NUMBER, KEY, !KEY, or a Filter of the contract as JSON"
    )


def _equal(key: str, value: str) -> Iterator[Filter]:
    """Yield the ways in which metadata can hold a value: as a text, a number or a flag, or in a list."""
    yield Filter(equals=Equals(key=key, value=MetadataValue(string_value=value)))
    number = _number(value)
    if number is not None:
        yield Filter(equals=Equals(key=key, value=MetadataValue(number_value=number)))
    if value in {"true", "false"}:
        yield Filter(equals=Equals(key=key, value=MetadataValue(bool_value=value == "true")))
    if 0 < len(value) <= _LONGEST_ITEM:
        yield Filter(contains=Contains(key=key, values=[value]))


def _number(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None


def _json(written: str) -> Filter:
    try:
        return json_format.Parse(written, Filter())
    except json_format.ParseError as error:
        raise _unreadable(written, " ".join(str(error).split())) from None


def _unreadable(written: str, why: str) -> CommandError:
    return CommandError(ExitCode.USAGE, f"--filter {written}: {why}")
