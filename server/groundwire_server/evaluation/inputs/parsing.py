"""JSON and YAML from files into checked values, with errors that say where and what is wrong."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from groundwire_server.domain.failure import GroundwireError, SetupError
from groundwire_server.evaluation.items import NOT_BLANK
from groundwire_server.files.small import UnreadableFileError, text_of
from groundwire_server.options.yaml_text import InvalidYamlError, parse_yaml
from groundwire_server.options.yaml_text import Path as Place


class _RepeatedKeyError(GroundwireError):
    """An object has a key twice."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

NO_LINES: Mapping[Place, int] = MappingProxyType({})
"""Of a text whose lines say nothing."""

SIZE_LIMIT = 1024**3
"""Bytes of a file: a recording of 100,000 questions with their passages is smaller."""


_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "bool_parsing": "must be true or false",
        "bool_type": "must be true or false",
        "extra_forbidden": "is not a known key",
        "float_parsing": "must be a number",
        "float_type": "must be a number",
        "dict_type": "must be an object",
        "mapping_type": "must be an object",
        "missing": "is missing",
        "model_attributes_type": "must be an object",
        "model_type": "must be an object",
        "string_type": "must be a text",
        "string_unicode": "has a lone surrogate: write it as one character",
        "too_short": "must not be empty",
        "tuple_type": "must be a list",
        "union_tag_invalid": "`kind` must be question, statement or text",
        "union_tag_not_found": "`kind` is missing",
    }
)
"""What is wrong, in JSON's terms, by pydantic's name of the error; its own message where it is clear enough."""


def text_from(file: Path) -> str:
    """Return the text of a file.

    Raises:
        SetupError: when it cannot be read.
    """
    try:
        return text_of(file, SIZE_LIMIT)
    except UnreadableFileError as why:
        raise SetupError(f"{file} {why}") from None


def json_of(text: str, where: str, advice: str) -> Any:
    """Return the value of a JSON text; NaN and infinities are no JSON.

    Raises:
        SetupError: when it is not JSON, or an object has a key twice: which of the two is meant cannot be known.
    """
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except _RepeatedKeyError as wrong:
        _refuse_repeated(wrong, where)
    except json.JSONDecodeError as wrong:
        # A line's own number is in `where` already.
        place = f"line {wrong.lineno}, column {wrong.colno}" if "\n" in text.strip() else f"column {wrong.colno}"
        raise SetupError(f"{where}: is not JSON ({place}): {advice}") from None
    except (ValueError, RecursionError):
        raise SetupError(f"{where}: is not JSON: {advice}") from None


def yaml_of(file: Path, text: str, advice: str) -> tuple[Any, Mapping[Place, int]]:
    """Return the value of a YAML text, with the line of each key and item in it.

    Words mean what they mean in a configuration: a date is a text, and a key that stands twice is refused.

    Raises:
        SetupError: when it is not YAML; the message says in which line.
    """
    try:
        return parse_yaml(text)
    except InvalidYamlError as broken:
        first = broken.faults[0]
        where = f"{file}:{first.line}" if first.line else str(file)
        place = f"`{_named(first.path)}` " if first.path else ""
        raise SetupError(f"{where}: {place}{first.message}: {advice}") from None


def checked(model: type[M], value: Any, where: str, advice: str, lines: Mapping[Place, int] = NO_LINES) -> M:
    """Return a value as a model.

    Args:
        model: the class of the result.
        value: what was read.
        where: the file, and the line or the place in it, for the error.
        advice: what a right one looks like.
        lines: of the keys and items in it, where they are known.

    Raises:
        SetupError: when it does not fit.
    """
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        refuse(wrong, where, advice, lines=lines)


def checked_line(adapter: TypeAdapter[T], line: str, where: str, advice: str) -> T:
    """Return a JSON text as a value of one of several types, which a key tells apart.

    Raises:
        SetupError: when it does not fit, or has a key twice.
    """
    try:
        made = adapter.validate_json(line)
        json.loads(line, object_pairs_hook=_object)
    except _RepeatedKeyError as wrong:
        _refuse_repeated(wrong, where)
    except ValidationError as wrong:
        refuse(wrong, where, advice, tagged=True)
    return made


def refuse(
    wrong: ValidationError,
    where: str,
    advice: str,
    *,
    tagged: bool = False,
    lines: Mapping[Place, int] = NO_LINES,
) -> NoReturn:
    """Raise the first error of a validation as one line.

    Args:
        wrong: the errors.
        where: the file, and the line or the place in it.
        advice: what a right one looks like.
        tagged: whether the name of a type stands before the fields of each error.
        lines: of keys and items, where they are known.

    Raises:
        SetupError: always.
    """
    first = wrong.errors(include_url=False, include_input=False)[0]
    parts = first["loc"][1:] if tagged else first["loc"]
    place = _named(parts)
    message = first["msg"].removeprefix("Value error, ")
    for ours, its in (("must be", "Input should be"), ("must have", "String should have")):
        message = message.replace(its, ours, 1)
    said = _WORDS.get(first["type"], message)
    if first["type"] == "json_invalid":
        said = f"is not JSON ({message.removeprefix('Invalid JSON: ')})"
    if first["type"] == "string_pattern_mismatch":
        said = "must not be blank" if first["ctx"]["pattern"] == NOT_BLANK else f"must match {first['ctx']['pattern']}"
    line = next((f":{lines[parts[:end]]}" for end in range(len(parts), 0, -1) if parts[:end] in lines), "")
    raise SetupError(f"{where}{line}: {f'`{place}` ' if place else ''}{said}: {advice}") from None


def _named(place: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _refuse_repeated(wrong: _RepeatedKeyError, where: str) -> NoReturn:
    raise SetupError(f"{where}: has the key {wrong.key!r} twice in one object: leave one out") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object.

    Raises:
        _RepeatedKeyError: when it has a key twice.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedKeyError(next(name for name in names if names.count(name) > 1))
    return made
