"""A file to begin with: what is built in, and all else that can be set, commented out and explained."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from groundwire_server.app.configuration.built_in import built_in
from groundwire_server.app.configuration.explain import section_of, sections_of
from groundwire_server.app.configuration.models.configuration import Configuration

_WIDTH = 100
_INDENT = "  "

_HEAD = """\
# The configuration of groundwire. Lines that begin with `#` and a key are what holds without them, or an example;
# remove the `#` to change them. `groundwire config check` says whether the file is right, `groundwire config show` what
# is in force. A variable such as GROUNDWIRE_SERVER__LISTEN counts more than the file.
"""


def starting_file() -> str:
    """The text of the file."""
    return _HEAD + "\n".join(_section(Configuration, built_in(), "")) + "\n"


def _section(model: type[BaseModel], given: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if not indent:
            yield ""
        yield from _told(field, indent)
        value = given.get(name)
        section = section_of(field.annotation)
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _names(field, value, indent + _INDENT)
        elif name in given:
            yield f"{indent}{name}: {_written(value)}"
        elif section is None:
            yield from _commented(_example(name, field), indent)
        elif field.is_required() or field.annotation is section:
            yield f"{indent}{name}:"
            yield from _section(section, {}, indent + _INDENT)
        else:
            yield from _commented(_inner(name, section), indent)


def _names(field: FieldInfo, value: Mapping[str, Any], indent: str) -> Iterator[str]:
    """What stands under names: `stores: {main: …}`; then an example of each other kind, under its own name."""
    kinds = sections_of(get_args(field.annotation)[1])
    for name, given in value.items():
        yield f"{indent}{name}:"
        inner = next((each for each in kinds if given.get("kind") == _kind_of(each)), next(iter(kinds), None))
        if inner is not None:
            yield from _section(inner, given, indent + _INDENT)
    given_kinds = {given.get("kind") for given in value.values()}
    for each in kinds[1:]:
        if _kind_of(each) not in given_kinds:
            yield from _commented(_inner(_kind_of(each), each), indent)


def _kind_of(section: type[BaseModel]) -> str:
    field = section.model_fields.get("kind")
    return "" if field is None else str(field.default)


def _inner(name: str, section: type[BaseModel]) -> Iterator[str]:
    """A section that may be left out, with examples in it."""
    yield f"{name}:"
    for key, field in section.model_fields.items():
        yield from _told(field, _INDENT)
        nested = section_of(field.annotation)
        if nested is not None and get_origin(field.annotation) is not dict:
            yield from (_INDENT + line for line in _inner(key, nested))
        else:
            yield from (_INDENT + line for line in _example(key, field))


def _example(name: str, field: FieldInfo) -> Iterator[str]:
    """A key with its default, or else with an example."""
    items = get_args(field.annotation)
    listed = section_of(items[0]) if get_origin(field.annotation) is tuple and items else None
    if listed is not None:
        _, *lines = _inner("", listed)
        body = [line.removeprefix(_INDENT) for line in lines]
        first = next(index for index, line in enumerate(body) if not line.startswith("#"))
        yield f"{name}:"
        for index, line in enumerate(body):
            yield _INDENT + ("- " if index == first else _INDENT) + line
        return
    default = field.get_default(call_default_factory=True, validated_data={})
    value = field.examples[0] if field.examples else default
    if isinstance(value, dict) and value:
        yield f"{name}:"
        for key, each in value.items():
            yield f"{_INDENT}{key}: {_written(each)}"
    else:
        yield f"{name}: {_written(value)}"


def _told(field: FieldInfo, indent: str) -> Iterator[str]:
    for line in textwrap.wrap(field.description or "", _WIDTH - len(indent)):
        yield f"{indent}# {line}"


def _commented(lines: Iterator[str], indent: str) -> Iterator[str]:
    for line in lines:
        yield f"{indent}{line}" if line.lstrip().startswith("#") else f"{indent}#{line}"


def _written(value: Any) -> str:
    """A value as YAML on one line."""
    plain = _plain(value)
    text = yaml.safe_dump(plain, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case frozenset():
            return sorted(str(each) for each in value)
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case _:
            return str(value)
