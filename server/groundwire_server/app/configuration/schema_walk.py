"""A walk down the classes of the sections: the types that are allowed at a path."""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path as File
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from groundwire_server.app.configuration.errors import Path
from groundwire_server.options.secret import Secret

KIND = "kind"
"""The key that says which of several sections a mapping is."""

_CONTAINERS = (list, tuple, frozenset)


def alternatives(annotation: Any) -> Iterator[Any]:
    """Yield the types that an annotation allows: itself, or each member of a union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from alternatives(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for each in get_args(annotation):
            yield from alternatives(each)
    else:
        yield annotation


def sections(annotation: Any) -> list[type[BaseModel]]:
    """Return the sections among the types that an annotation allows."""
    return [each for each in alternatives(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]


def kinds(section: type[BaseModel]) -> Sequence[Any]:
    """Return the words by which a section is chosen among several."""
    field = section.model_fields.get(KIND)
    return get_args(field.annotation) if field else ()


def holds_others(annotation: Any) -> bool:
    """Whether only a section, a mapping or a list is allowed, not even null."""
    return all(get_origin(each) in {dict, *_CONTAINERS} or sections(each) for each in alternatives(annotation))


def without_empty_sections(values: Any, annotation: Any) -> Any:
    """Return the values without the empty sections.

    A section whose lines are all comments has no value in YAML; it means the same as one that is left out.
    """
    if isinstance(values, list):
        return [
            without_empty_sections(each, inner) for each, inner in zip(values, _items(annotation, values), strict=True)
        ]
    if not isinstance(values, dict):
        return values
    known = sections(annotation)
    found = {}
    for key, value in values.items():
        inner = next(below(annotation, key), Any)
        if value is not None or not known or not holds_others(inner):
            found[key] = without_empty_sections(value, inner)
    return found


def _items(annotation: Any, values: list[Any]) -> list[Any]:
    return [next(below(annotation, index), Any) for index in range(len(values))]


def below(annotation: Any, part: str | int) -> Iterator[Any]:
    """Yield the types that are allowed under a key or an index."""
    for each in alternatives(annotation):
        if sections(each):
            if part in each.model_fields:
                yield each.model_fields[part].annotation
        elif get_origin(each) is dict:
            yield get_args(each)[1]
        elif get_origin(each) in _CONTAINERS:
            yield get_args(each)[0]


def at(annotation: Any, path: Path) -> list[Any]:
    """Return the types that are allowed at a path."""
    found = [annotation]
    for part in path:
        found = [inner for each in found for inner in below(each, part)]
    return found


def every(annotations: Iterable[Any]) -> list[Any]:
    """Return the types that some annotations allow."""
    return [each for annotation in annotations for each in alternatives(annotation)]


def key_words(annotations: Iterable[Any]) -> list[str]:
    """Return the keys of a mapping whose keys are words of an enum."""
    keys = [get_args(each)[0] for each in every(annotations) if get_origin(each) is dict]
    return [str(member.value) for each in keys if isinstance(each, type) and issubclass(each, Enum) for member in each]


def is_text(annotations: Iterable[Any]) -> bool:
    """Whether a text is allowed, and no number or boolean."""
    found = every(annotations)
    return any(map(_is_text, found)) and not any(each in {int, float, bool} for each in found)


def _is_text(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return True
    return isinstance(annotation, type) and issubclass(annotation, (str, File, Secret))
