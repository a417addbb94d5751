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
    "union_tag_not_found": "must hold `key: value` lines",
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
        path, around = _located(error["loc"], model)
        if error["type"] == "union_tag_invalid":
            path = (*path, "kind")
        problems.append(Problem(path, _sentence(error, path, around), origin(path)))
    return problems


def _sentence(error: ErrorDetails, path: Path, around: Any) -> str:
    kind = error["type"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    if kind == "extra_forbidden":
        return not_among(path[-1], _keys(around), "is no key here")
    if kind == "union_tag_invalid":
        return not_among(context["tag"], _allowed(context["expected_tags"]), "is not one of the words allowed")
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


def _located(location: Path, model: type[BaseModel]) -> tuple[Path, Any]:
    """The path of an error, and the type of what holds its last part.

    Within a section that may be of several kinds pydantic names the kind too, which is no key.
    """
    path: list[str | int] = []
    around: Any = model
    at: Any = model
    for part in location:
        if part == "[key]":
            continue
        kinds = sections_of(at)
        if len(kinds) > 1:
            at = next(each for each in kinds if each.model_fields["kind"].default == part)
            continue
        around = at
        path.append(part)
        field = kinds[0].model_fields.get(str(part)) if kinds else None
        at = _inner(at) if field is None else field.annotation
    return tuple(path), around


def _keys(annotation: Any) -> list[str]:
    section = section_of(annotation)
    return sorted(section.model_fields) if section else []


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation means: itself, or the one it may be beside None, or the first of several kinds."""
    return next(iter(sections_of(annotation)), None)


def sections_of(annotation: Any) -> list[type[BaseModel]]:
    """The sections that an annotation may mean: more than one where there are several kinds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for each in _alternatives(annotation) for found in sections_of(each)]


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
