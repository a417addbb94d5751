"""A file to begin with: what is built in, and all else that can be set, commented out and explained."""

import textwrap
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from groundwire_server.app.configuration.built_in import built_in
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.shape import KIND, kinds, section_of, sections
from groundwire_server.app.configuration.yaml_line import line

_WIDTH = 100
_INDENT = "  "

_HEAD = """\
# The configuration of groundwire. A line such as `#listen: …` says what holds without it, or gives an
# example: remove its `#` to set it. `groundwire config check` says whether this file is right,
# `groundwire config show` what is in force. A variable such as GROUNDWIRE_SERVER__LISTEN counts more
# than this file, and a flag of `groundwire serve` more than both. A server that runs takes in this
# file when it changes.
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
            yield f"{indent}{name}: {line(value)}"
        elif section is None:
            yield from _commented(_example(name, field), indent)
        elif field.is_required() or field.annotation is section:
            yield f"{indent}{name}:"
            yield from _section(section, {}, indent + _INDENT)
        else:
            yield from _commented(_inner(name, section), indent)


def _names(field: FieldInfo, value: Mapping[str, Any], indent: str) -> Iterator[str]:
    """What stands under names: `stores: {main: …}`; then an example of each other kind, under its own name."""
    annotation = get_args(field.annotation)[1]
    for name, given in value.items():
        inner = section_of(annotation, given)
        yield f"{indent}{name}:"
        if inner is not None:
            yield from _section(inner, given, indent + _INDENT)
    yield from _commented(_kinds(annotation, {given.get(KIND) for given in value.values()}), indent)


def _kinds(annotation: Any, there: Collection[Any] = ()) -> Iterator[str]:
    """An example of each kind that is not there, under its own name."""
    for each in sections(annotation):
        for kind in kinds(each):
            if kind not in there:
                yield from _inner(kind, each)


def _inner(name: str, section: type[BaseModel]) -> Iterator[str]:
    """A section that may be left out, with examples in it."""
    yield f"{name}:"
    for key, field in section.model_fields.items():
        yield from _told(field, _INDENT)
        nested = section_of(field.annotation)
        if nested is not None and get_origin(field.annotation) is not dict:
            yield from (_INDENT + each for each in _inner(key, nested))
        else:
            yield from (_INDENT + each for each in _example(key, field))


def _example(name: str, field: FieldInfo) -> Iterator[str]:
    """A key with its default, or else with an example."""
    items = get_args(field.annotation)
    listed = section_of(items[0]) if get_origin(field.annotation) is tuple and items else None
    if listed is not None:
        _, *lines = _inner("", listed)
        body = [each.removeprefix(_INDENT) for each in lines]
        first = next(index for index, each in enumerate(body) if not each.startswith("#"))
        yield f"{name}:"
        for index, each in enumerate(body):
            mark = "- " if index == first else _INDENT if index > first else ""
            yield f"{_INDENT}{mark}{each}"
        return
    if get_origin(field.annotation) is dict and sections(items[1]):
        yield f"{name}:"
        yield from (_INDENT + each for each in _kinds(items[1]))
        return
    default = field.get_default(call_default_factory=True, validated_data={})
    value = field.examples[0] if field.examples else default
    if isinstance(value, dict) and value:
        yield f"{name}:"
        for key, each in value.items():
            yield f"{_INDENT}{key}: {line(each)}"
    else:
        yield f"{name}: {line(value)}"


def _told(field: FieldInfo, indent: str) -> Iterator[str]:
    words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    told = f"{field.description} One of {', '.join(map(str, words))}." if len(words) > 1 else field.description or ""
    for each in textwrap.wrap(told, _WIDTH - len(indent)):
        yield f"{indent}# {each}"


def _commented(lines: Iterator[str], indent: str) -> Iterator[str]:
    """The lines without effect. Without their first `#` they are right: remarks within have one of their own."""
    for each in lines:
        yield f"{indent}#{each}"
