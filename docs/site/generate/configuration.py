"""The reference of the configuration: every key of a pydantic model, and of the models within it."""

from collections.abc import Collection, Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs.site.generate import markdown
from groundwire_server.app.configuration.models.configuration import Configuration

HOW = (
    "The file is YAML. [Configure the server](../how-to/configuration.md) explains how to write, check and change it. "
    "Environment variables override the file: a variable's name is `GROUNDWIRE_` and the path of the key in capital "
    "letters, with two underscores between the parts, such as `GROUNDWIRE_SERVER__LISTEN`; its value is YAML. Keys and "
    "sections that a file omits have their built-in values; `groundwire config show` prints them."
)


def page() -> str:
    """Return the page."""
    return markdown.page("Configuration", HOW, *sections(Configuration))


def sections(model: type[BaseModel]) -> Iterator[str]:
    """Yield a table for the model, and one with a heading for each model within it, each model once."""
    seen: set[type[BaseModel]] = {model}
    waiting: list[tuple[str, type[BaseModel]]] = [("", model)]
    while waiting:
        path, current = waiting.pop(0)
        if path:
            yield f"## {markdown.prose(path)}"
            yield _said(current)
        yield markdown.table(["key", "type", "default", "meaning"], (_row(*item) for item in _fields(current)))
        for name, field in _fields(current):
            found = list(_models(field.annotation))
            for inner, suffix in found:
                if inner not in seen:
                    seen.add(inner)
                    kind = f" of the kind {inner.model_fields['kind'].default}" if len(found) > 1 else ""
                    waiting.append((f"{path}.{name}{suffix}{kind}".removeprefix("."), inner))


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def _row(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    limits = ", ".join(limit for item in field.metadata if (limit := _limit(item)))
    typed = markdown.code(type_name(field.annotation)) + (f", {limits}" if limits else "")
    return markdown.code(name), typed, _default(field), markdown.prose(field.description or "")


def type_name(annotation: Any) -> str:
    """Return the name of a type in YAML's terms."""
    if annotation is None or annotation is type(None):
        return "null"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(type_name(argument) for argument in arguments))
    if origin is not None and str(origin) == "typing.Literal":
        return " or ".join(str(argument) for argument in arguments)
    if hasattr(annotation, "__metadata__"):
        return type_name(arguments[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"map of {_several(arguments[1])}"
    if isinstance(origin, type) and issubclass(origin, Collection):
        return f"list of {_several(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(str(member.value) for member in annotation)
    names = {str: "text", bool: "true or false", int: "whole number", float: "number"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)).lower())


def _several(annotation: Any) -> str:
    """Return the name of a type within a map or list."""
    name = type_name(annotation)
    return {"section": "sections", "text": "texts"}.get(name, name)


def _models(annotation: Any, suffix: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """Yield the models in a type; those in a map or list get the suffix `.<name>` or `[]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, suffix
        return
    origin = get_origin(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        suffix += ".<name>"
    elif isinstance(origin, type) and issubclass(origin, Collection):
        suffix += "[]"
    for argument in get_args(annotation):
        yield from _models(argument, suffix)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    match value:
        case None:
            return "none"
        case bool():
            return markdown.code(str(value).lower())
        case float():
            return markdown.code(f"{value:g}")
        case BaseModel():
            return ""
        case frozenset():
            return markdown.code(f"[{', '.join(sorted(str(item) for item in value))}]")
        case "" | () | [] | {}:
            return "empty"
        case _:
            return markdown.code(str(value))


def _limit(item: Any) -> str:
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below", "min_length": "at least", "max_length": "at most"}
    said = [f"{word} {getattr(item, name):,}" for name, word in words.items() if getattr(item, name, None) is not None]
    pattern = getattr(item, "pattern", None)
    return " ".join([*said, *([f"as {markdown.code(pattern)}"] if pattern else [])])


def _said(model: type[BaseModel]) -> str:
    own = model.__dict__.get("__doc__") or ""
    return markdown.prose(" ".join(own.split()))
