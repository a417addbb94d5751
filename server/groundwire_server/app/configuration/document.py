"""Reading a YAML file so that every value knows its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, ClassVar

import yaml

from groundwire_server.app.configuration.problems import InvalidConfigurationError, Path, Problem
from groundwire_server.app.configuration.scalars import scalar
from groundwire_server.domain.failure import GroundwireError
from groundwire_server.files.small import UnreadableFileError, text_of

SIZE_LIMIT = 256 * 1024
_DEPTH_LIMIT = 32

_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset({f"{_TAG}str", f"{_TAG}map", f"{_TAG}seq"})


class _UnsupportedYamlError(GroundwireError, yaml.MarkedYAMLError):
    """It is YAML, but not such as a configuration needs."""


class _Loader(yaml.SafeLoader):
    """Leaves every word as it stands."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # the stubs know no other than theirs

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            # Within each other they grow without end from a few lines.
            raise _UnsupportedYamlError(
                problem="anchors and aliases are not taken: write the value out", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values.

    Attributes:
        name: the file as it was named.
        values: the mapping that it holds.
        lines: the line of each key and item, from 1.
    """

    name: str
    values: dict[str, Any]
    lines: Mapping[Path, int]

    def origin(self, path: Path) -> str:
        """The file and line of a value, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines[path]}" if path else self.name


def read(file: File) -> Document:
    """Read a file.

    Raises:
        InvalidConfigurationError: when it cannot be read, is no YAML, or is not one mapping.
    """
    name = str(file)
    try:
        text = text_of(file, SIZE_LIMIT)
    except UnreadableFileError as why:
        advice = "" if file.exists() or file.is_symlink() else "; `groundwire config init` writes one to begin with"
        raise _invalid(name, f"{why}{advice}") from None
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """Read a text.

    Raises:
        InvalidConfigurationError: when it is no YAML, or not one mapping.
    """
    values, lines = value_of(text, name)
    if values is None:
        return Document(name, {}, {})
    if not isinstance(values, dict):
        raise _invalid(f"{name}:1", "must hold `key: value` lines, such as `server:`")
    return Document(name, values, lines)


def value_of(text: str, name: str) -> tuple[Any, Mapping[Path, int]]:
    """Any value that is written as YAML, with the line of each key and item in it.

    Raises:
        InvalidConfigurationError: when it is no YAML, or holds what a configuration has no use for.
    """
    try:
        # It looks for characters that YAML does not allow at once.
        loader = _Loader(text)
    except yaml.reader.ReaderError as broken:
        line = text.count("\n", 0, broken.position) + 1
        raise _invalid(f"{name}:{line}", "holds a control character: remove it") from None
    try:
        node = loader.get_single_node()
        reader = _Reader(name)
        value = None if node is None else reader.value(node, ())
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        what = "" if isinstance(broken, _UnsupportedYamlError) else "this is not YAML: "
        raise _invalid(f"{name}:{line}", f"{what}{broken.problem or broken.context}") from None
    except RecursionError:
        raise _invalid(name, _TOO_DEEP) from None
    finally:
        loader.dispose()
    if reader.problems:
        raise InvalidConfigurationError(reader.problems)
    return value, reader.lines


class _Reader:
    """Turns nodes into values and remembers where they stand."""

    def __init__(self, name: str) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[Path, int] = {}
        self._name = name

    def value(self, node: yaml.Node, path: Path) -> Any:
        if len(path) > _DEPTH_LIMIT:
            raise _invalid(self._at(node), _TOO_DEEP)
        if node.tag not in _TAGS:
            self._wrong(path, f"the tag {node.tag.removeprefix(_TAG)} is not taken: write a plain value", node)
            return None
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self._item(each, (*path, index)) for index, each in enumerate(node.value)]
            case yaml.ScalarNode():
                return self._text(node, path) if node.style else scalar(node.value)
            case _:
                raise AssertionError

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._wrong(path, "a key must be a word", key_node)
                continue
            key = self._text(key_node, path)
            here = (*path, key)
            if key == "<<":
                self._wrong(here, "merge keys are not taken: write the values out", key_node)
            elif key in values:
                self._wrong(here, f"is given twice, first in line {self.lines[here]}", key_node)
            else:
                self.lines[here] = key_node.start_mark.line + 1
                values[key] = self.value(value_node, here)
        return values

    def _item(self, node: yaml.Node, path: Path) -> Any:
        self.lines[path] = node.start_mark.line + 1
        return self.value(node, path)

    def _text(self, node: yaml.ScalarNode, path: Path) -> str:
        text = str(node.value)
        # No path, name or header can hold them, and what uses such a text fails in its own way.
        if "\0" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text)):
            self._wrong(path, "holds a character that no text has: remove it", node)
        return text

    def _wrong(self, path: Path, message: str, node: yaml.Node) -> None:
        self.problems.append(Problem(path, message, self._at(node)))

    def _at(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"


_TOO_DEEP = f"is nested over {_DEPTH_LIMIT} levels deep: is it another file?"


def _invalid(origin: str, message: str) -> InvalidConfigurationError:
    return InvalidConfigurationError([Problem((), message, origin)])
