"""Turns the errors of pydantic into errors of a configuration."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.renamed import renamed, renamed_word
from groundwire_server.app.configuration.schema_walk import KIND, below, every, kinds, sections

_KEY = "[key]"
"""The last part of a location in pydantic's errors when the key itself is wrong."""

_KINDS: Mapping[str, str] = {
    "string_type": "must be a text: put it in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing_size": "must be a whole number that is much smaller",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "path_type": "must be a path: put it in quotes",
    "list_type": "must be a list, such as [a, b]",
    "tuple_type": "must be a list, such as [a, b]",
    "frozen_set_type": "must be a list, such as [a, b]",
    "dict_type": "must hold `key: value` lines",
    "model_type": "must hold `key: value` lines",
    "missing": "is missing",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} elements",
}


def explained(invalid: ValidationError, model: type[BaseModel], origin: Callable[[Path], str]) -> list[ConfigError]:
    """Return an error for each of pydantic's; none holds a value, which may be a secret.

    Args:
        invalid: the errors of pydantic.
        model: the class that was validated.
        origin: returns the origin of the value at a path.
    """
    errors = []
    found = invalid.errors(include_url=False, include_input=True)
    within = {each["loc"][:depth] for each in found for depth in range(len(each["loc"]))}
    for error in found:
        if error["type"] == "too_short" and error["loc"] in within:
            continue  # pydantic does not count elements that are wrong themselves
        path, around = _place(error["loc"], model)
        if error["type"].startswith("union_tag") and isinstance(error["input"], dict):
            path = (*path, KIND)
        errors.append(ConfigError(path, _sentence(error, path, around), origin(path)))
    return errors


def _place(loc: Path, model: type[BaseModel]) -> tuple[Path, list[Any]]:
    """Return the path, and the types around its last part. Pydantic names the kind too where there are several."""
    path: Path = ()
    around: list[Any] = []
    here: list[Any] = [model]
    for part in loc:
        several = [section for each in here for section in sections(each)]
        of_kind = [section for section in several if part in kinds(section)]
        if len(several) > 1 and of_kind:
            here = list(of_kind)
        elif part != _KEY:
            path, around = (*path, part), here
            here = [inner for each in here for inner in below(each, part)]
    return path, around


def _sentence(error: ErrorDetails, path: Path, around: list[Any]) -> str:
    kind = error["type"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    match kind:
        case "extra_forbidden":
            return _unknown(path[-1], [section for each in around for section in sections(each)])
        case "literal_error" | "enum":
            allowed_types = every(inner for each in around for inner in below(each, path[-1]))
            if new := renamed_word(allowed_types, error["input"]):
                return f"{error['input']} was renamed to {new}"
            return not_among(error["input"], _words(context["expected"]), "is not one of the words allowed")
        case "union_tag_invalid":
            return not_among(context["tag"], _words(context["expected_tags"]), "is not one of the words allowed")
        case "union_tag_not_found" if not isinstance(error["input"], dict):
            return _KINDS["model_type"]
        case "union_tag_not_found":
            allowed = [str(word) for each in _unions(error, around) for word in kinds(each)]
            return f"is missing; there are: {', '.join(sorted(allowed))}"
        case "string_pattern_mismatch":
            what = "name" if error["loc"][-1] == _KEY else "text"
            return f"must be a {what} that matches {context['pattern']}"
        case "value_error":
            return str(context["error"])
        case _ if kind in _KINDS:
            return _KINDS[kind].format_map({name: _whole(limit) for name, limit in context.items()})
        case _:
            return error["msg"].replace("Input should", "must").replace("Value should", "must")


def _unknown(key: str | int, around: list[type[BaseModel]]) -> str:
    """Return a message about a key that the sections around it do not have."""
    for section in around:
        if new := renamed(section, str(key)):
            return f"was renamed to {new}"
    return not_among(key, {each for section in around for each in section.model_fields}, "unknown key")


def _unions(error: ErrorDetails, around: list[Any]) -> list[type[BaseModel]]:
    """Return the sections that one without a kind could be."""
    return [section for each in around for inner in below(each, error["loc"][-1]) for section in sections(inner)]


def _whole(limit: object) -> object:
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _words(expected: str) -> list[str]:
    """Return the words in pydantic's `'a', 'b' or 'c'`."""
    return [word.strip().strip("'") for part in expected.split(" or ") for word in part.split(",") if word.strip()]
