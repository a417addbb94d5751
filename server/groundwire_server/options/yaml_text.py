"""YAML with the line of every value, and with the plain words of YAML 1.2.

PyYAML parses. Its nodes are used in place of its values, which have lost their lines, and its resolver is left out: it
is that of YAML 1.1, in which `no` is false, `1:30` is 90 and a date is an object. pydantic-settings reads YAML through
that resolver and keeps no lines, so it could not name the place of an error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import yaml

from groundwire_server.domain.failure import GroundwireError

Path: TypeAlias = tuple[str | int, ...]
"""The place of a value: keys, and indexes of lists."""

_DEPTH_LIMIT = 32

_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset({f"{_TAG}str", f"{_TAG}map", f"{_TAG}seq"})

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASES = {"0o": 8, "0x": 16}
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TOO_DEEP = f"is nested over {_DEPTH_LIMIT} levels deep: is it another file?"


@dataclass(frozen=True, slots=True)
class YamlFault:
    """Something that is wrong with a text of YAML.

    Attributes:
        path: the place of the value; empty for the text as a whole.
        line: counts from 1; 0 for the text as a whole.
        message: what is wrong, and what to do.
    """

    path: Path
    line: int
    message: str

    @property
    def sentence(self) -> str:
        """The message, with the place of the value before it."""
        return f"{'.'.join(map(str, self.path))}: {self.message}" if self.path else self.message


class InvalidYamlError(GroundwireError):
    """A text is not YAML, or uses a feature that its readers do without.

    Attributes:
        faults: all of them.
    """

    def __init__(self, faults: Sequence[YamlFault]) -> None:
        super().__init__("; ".join(each.message for each in faults))
        self.faults = tuple(faults)


class _UnsupportedYamlError(GroundwireError, yaml.MarkedYAMLError):
    """A feature of YAML that configurations do without."""


class _Loader(yaml.SafeLoader):
    """A loader that leaves every word a text."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # the stubs know no other than theirs

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            # Within each other they grow without end from a few lines.
            raise _UnsupportedYamlError(
                problem="anchors and aliases are not supported: write the value out", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)


def parse_yaml(text: str) -> tuple[Any, Mapping[Path, int]]:
    """Parse any value, and return it with the line of each key and item in it, from 1.

    Raises:
        InvalidYamlError: when it is not YAML, or uses a feature that its readers do without.
    """
    try:
        # It looks for characters that YAML does not allow at once.
        loader = _Loader(text)
    except yaml.reader.ReaderError as broken:
        line = text.count("\n", 0, broken.position) + 1
        raise _invalid(line, "holds a control character: remove it") from None
    reader = _Reader()
    try:
        node = loader.get_single_node()
        value = None if node is None else reader.value(node, ())
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        what = "" if isinstance(broken, _UnsupportedYamlError) else "this is not YAML: "
        raise _invalid(line, f"{what}{broken.problem or broken.context}") from None
    except RecursionError:
        raise _invalid(0, _TOO_DEEP) from None
    finally:
        loader.dispose()
    if reader.faults:
        raise InvalidYamlError(reader.faults)
    return value, reader.lines


def plain(text: str) -> str | int | float | bool | None:
    """Return the value of a word without quotes, by the core schema of YAML 1.2: `no` and `on` are texts."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text[2:], _BASES[text[:2]])
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "", 1)) if _NOT_FINITE.fullmatch(text) else text


class _Reader:
    """Turns nodes into values and remembers their lines."""

    def __init__(self) -> None:
        self.faults: list[YamlFault] = []
        self.lines: dict[Path, int] = {}

    def value(self, node: yaml.Node, path: Path) -> Any:
        if len(path) > _DEPTH_LIMIT:
            raise _invalid(_line(node), _TOO_DEEP)
        if node.tag not in _TAGS:
            self._refuse(path, f"the tag {node.tag.removeprefix(_TAG)} is not supported: write a plain value", node)
            return None
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self._item(each, (*path, index)) for index, each in enumerate(node.value)]
            case yaml.ScalarNode():
                return self._text(node, path) if node.style else plain(node.value)
            case _:
                raise AssertionError

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(path, "a key must be a word", key_node)
                continue
            key = self._text(key_node, path)
            here = (*path, key)
            if key == "<<":
                self._refuse(here, "merge keys are not supported: write the values out", key_node)
            elif key in values:
                self._refuse(here, f"is given twice, first in line {self.lines[here]}", key_node)
            else:
                self.lines[here] = _line(key_node)
                values[key] = self.value(value_node, here)
        return values

    def _item(self, node: yaml.Node, path: Path) -> Any:
        self.lines[path] = _line(node)
        return self.value(node, path)

    def _text(self, node: yaml.ScalarNode, path: Path) -> str:
        text = str(node.value)
        # No path, name or header can hold them, and what uses such a text fails in its own way.
        if "\0" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text)):
            self._refuse(path, "holds a character that is not valid in text: remove it", node)
        return text

    def _refuse(self, path: Path, message: str, node: yaml.Node) -> None:
        self.faults.append(YamlFault(path, _line(node), message))


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _invalid(line: int, message: str) -> InvalidYamlError:
    return InvalidYamlError([YamlFault((), line, message)])
