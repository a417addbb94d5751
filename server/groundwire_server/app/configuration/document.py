"""Reading a YAML file so that every value knows its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import yaml

from groundwire_server.app.configuration.problems import InvalidConfiguration, Path, Problem

SIZE_LIMIT = 1024 * 1024
_DEPTH_LIMIT = 32
_VALUES_LIMIT = 20_000


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
        InvalidConfiguration: when it cannot be read, is no YAML, or is not one mapping.
    """
    name = str(file)
    return parse(_text(file, name), name)


def parse(text: str, name: str) -> Document:
    """Read a text.

    Raises:
        InvalidConfiguration: when it is no YAML, or not one mapping.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(name, {}, {})
        reader = _Reader(name, loader)
        values = reader.value(node, ())
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        raise _invalid(f"{name}:{line}", f"this is not YAML: {broken.problem or broken.context}") from None
    except yaml.reader.ReaderError as broken:
        line = text.count("\n", 0, broken.position) + 1
        raise _invalid(f"{name}:{line}", "this is not YAML: a character is not allowed") from None
    finally:
        loader.dispose()
    if reader.problems:
        raise InvalidConfiguration(reader.problems)
    if not isinstance(values, dict):
        raise _invalid(f"{name}:1", "must hold `key: value` lines, such as `server:`")
    return Document(name, values, reader.lines)


class _Reader:
    """Turns nodes into values and remembers where they stand."""

    def __init__(self, name: str, loader: yaml.SafeLoader) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[Path, int] = {}
        self._name = name
        self._loader = loader
        self._values = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._values += 1
        if len(path) > _DEPTH_LIMIT or self._values > _VALUES_LIMIT:
            # Aliases within aliases grow without end from a few lines.
            raise _invalid(
                self._at(node), f"is nested over {_DEPTH_LIMIT} levels, or holds over {_VALUES_LIMIT} values"
            )
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self._item(each, (*path, index)) for index, each in enumerate(node.value)]
            case _:
                return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                self.problems.append(Problem(path, "a key must be a word", self._at(key_node)))
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in values:
                first = self.lines[here]
                self.problems.append(Problem(here, f"is given twice, first in line {first}", self._at(key_node)))
                continue
            self.lines[here] = key_node.start_mark.line + 1
            values[key] = self.value(value_node, here)
        return values

    def _item(self, node: yaml.Node, path: Path) -> Any:
        self.lines[path] = node.start_mark.line + 1
        return self.value(node, path)

    def _at(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"


def _text(file: File, name: str) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(SIZE_LIMIT + 1)
    except IsADirectoryError:
        raise _invalid(name, "is a folder: name the file in it") from None
    except FileNotFoundError:
        raise _invalid(name, "does not exist: write one with `groundwire config init`") from None
    except OSError as failed:
        raise _invalid(name, f"cannot be read: {failed.strerror}") from None
    if len(data) > SIZE_LIMIT:
        raise _invalid(name, f"is larger than {SIZE_LIMIT // 1024} KiB: is it another file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = data.count(b"\n", 0, broken.start) + 1
        raise _invalid(f"{name}:{line}", f"is not UTF-8: byte 0x{data[broken.start]:02x}; save it as UTF-8") from None


def _invalid(origin: str, message: str) -> InvalidConfiguration:
    return InvalidConfiguration([Problem((), message, origin)])
