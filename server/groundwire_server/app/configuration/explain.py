"""Turns what pydantic found into our own lines."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from groundwire_server.app.configuration.problems import Path, Problem, not_among

_KINDS: Mapping[str, str] = {
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "path_type": "must be a path",
    "list_type": "must be a list, such as [a, b]",
    "tuple_type": "must be a list, such as [a, b]",
    "frozen_set_type": "must be a list, such as [a, b]",
    "set_type": "must be a list, such as [a, b]",
    "dict_type": "must hold `key: value` lines",
    "model_type": "must hold `key: value` lines",
    "model_attributes_type": "must hold `key: value` lines",
    "missing": "is missing",
}


def explained(invalid: ValidationError, model: type[BaseModel], origin: Callable[[Path], str]) -> list[Problem]:
    """A problem for each error; none holds a value, which may be a secret.

    Args:
        invalid: what pydantic raised.
        model: what was validated.
        origin: says where the value at a path comes from.
    """
    problems = []
    for error in invalid.errors(include_url=False, include_input=True):
        path = tuple(part for part in error["loc"] if part != "[key]")
        problems.append(Problem(path, _sentence(error, path, model), origin(path)))
    return problems


def _sentence(error: ErrorDetails, path: Path, model: type[BaseModel]) -> str:
    kind = error["type"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    if kind == "extra_forbidden":
        return not_among(path[-1], _keys(model, path[:-1]), "is no key here")
    if kind in {"literal_error", "enum"}:
        return not_among(error["input"], _allowed(str(context.get("expected", ""))), "is not one of the words allowed")
    if kind == "string_pattern_mismatch":
        what = "name" if error["loc"][-1] == "[key]" else "text"
        return f"must be a {what} that matches {context['pattern']}"
    if kind == "value_error":
        return str(context["error"])
    if kind in _KINDS:
        return _KINDS[kind]
    message = error["msg"]
    return message.replace("Input should", "must").replace("Value should", "must")


def _allowed(expected: str) -> list[str]:
    """The words in pydantic's `'a', 'b' or 'c'`."""
    return [word.strip().strip("'") for part in expected.split(" or ") for word in part.split(",") if word.strip()]


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys of the section at a path."""
    at: Any = model
    for part in path:
        section = section_of(at)
        if isinstance(section, type) and isinstance(part, str) and part in section.model_fields:
            at = section.model_fields[part].annotation
        else:
            at = _inner(at)
    section = section_of(at)
    return sorted(section.model_fields) if section else []


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation means: itself, or the one it may be beside None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in _alternatives(annotation) if (found := section_of(each))), None)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or what is annotated; nothing for a container."""
    if get_origin(annotation) in {dict, list, tuple, frozenset}:
        return ()
    return tuple(each for each in get_args(annotation) if isinstance(each, type) or get_args(each))


def _inner(annotation: Any) -> Any:
    """What a container holds."""
    if get_origin(annotation) is dict:
        return get_args(annotation)[1]
    if get_origin(annotation) in {list, tuple, frozenset}:
        return get_args(annotation)[0]
    return next((_inner(each) for each in get_args(annotation) if get_origin(each) in {dict, list, tuple}), annotation)


def words_of(annotation: Any) -> list[str]:
    """The words that an annotation allows, when it is an enum."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return []
