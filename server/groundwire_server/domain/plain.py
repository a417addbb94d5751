"""Values of the domain as plain JSON values, and back by their types: what is written down of a call."""

import types
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import datetime, time, tzinfo
from enum import Enum
from functools import cache
from hashlib import blake2b
from json import dumps
from math import isfinite
from typing import Any, Final, NoReturn, TypeAlias, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import GroundwireError
from groundwire_server.domain.fencing.leak import PromptWords

Plain: TypeAlias = Any
"""What JSON can hold: None, booleans, numbers, texts, lists, and objects with texts as keys."""

KIND: Final = "$"
"""The key under which an object says of which class it is, where it may be of several."""

_DIGEST_BYTES: Final = 16
_NUMBERS: Final = {"inf": float("inf"), "-inf": float("-inf"), "nan": float("nan")}


class UnreadableError(GroundwireError, ValueError):
    """Something is not of the form that it should have; the text says where, and never a value."""


@dataclass(slots=True)
class PassageTable:
    """The passages of a recording, each once: everything else names them by their places.

    Attributes:
        passages: as plain values.
    """

    passages: list[Plain] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _read: dict[int, Passage] = field(default_factory=dict)

    def place(self, passage: Passage) -> int:
        """Return the place of a passage; it is added where it is new."""
        plain = _dataclass(Passage).write(passage, self)
        key = dumps(plain, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(self.passages)
            self.passages.append(plain)
        return self._places[key]

    def passage(self, place: Plain) -> Passage:
        """Return the passage of a place.

        Raises:
            UnreadableError: where there is none.
        """
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(self.passages):
            raise UnreadableError("names a passage that is not there")
        if place not in self._read:
            self._read[place] = _dataclass(Passage).read(self.passages[place], self)
        return self._read[place]

    def changed(self, change: Callable[[Passage], Passage]) -> "PassageTable":
        """Return a table with other passages in the places of these.

        Args:
            change: returns what stands in the place of a passage.
        """
        read = {place: change(self.passage(place)) for place in range(len(self.passages))}
        return PassageTable([_dataclass(Passage).write(each, self) for each in read.values()], _read=read)


@dataclass(frozen=True, slots=True)
class _Form:
    """How values of one type are written and read."""

    write: Callable[[Any, PassageTable], Plain]
    read: Callable[[Plain, PassageTable], Any]


def plain(kind: Any, value: Any, passages: PassageTable) -> Plain:
    """Return a value of a type as a plain value; fields of dataclasses that have their defaults are left out.

    Args:
        kind: the type that the value is declared with.
        value: of that type.
        passages: takes the passages in it.

    Raises:
        TypeError: for a type that has no plain form.
    """
    return _form(kind).write(value, passages)


def value_of(kind: Any, given: Plain, passages: PassageTable) -> Any:
    """Return the value of a type that `plain` has written.

    Args:
        kind: the type that the value is declared with.
        given: the plain value.
        passages: those that it names.

    Raises:
        UnreadableError: where it is not of that form.
    """
    try:
        return _form(kind).read(given, passages)
    except RecursionError:
        raise UnreadableError("is nested too deeply") from None


def with_passages(kind: Any, value: Any, change: Callable[[Passage], Passage]) -> Any:
    """Return a value of a type with other passages in the places of its own, wherever in it they stand.

    Args:
        kind: the type that the value is declared with.
        value: of that type.
        change: returns what stands in the place of a passage.
    """
    table = PassageTable()
    written = plain(kind, value, table)
    return value_of(kind, written, table.changed(change))


def digest(kind: Any, value: Any, change: Callable[[Passage], Passage]) -> str:
    """Return a digest of a value, in hexadecimal: the same in every process, and for equal values alone.

    Args:
        kind: the type that the value is declared with.
        value: of that type.
        change: returns what counts of a passage.
    """
    given = PassageTable()
    written, table = plain(kind, value, given), given.changed(change)
    return blake2b(dumps([written, table.passages], sort_keys=True).encode(), digest_size=_DIGEST_BYTES).hexdigest()


@cache
def _form(kind: Any) -> _Form:
    if kind is Passage:
        return _Form(lambda value, table: table.place(value), lambda given, table: table.passage(given))
    if kind in _LEAVES:
        return _LEAVES[kind]
    origin, of = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _union(of)
    if origin is tuple and of[-1] is not Ellipsis:
        return _row(of)
    if origin in {tuple, Sequence}:
        return _list(of[0], tuple)
    if origin in {frozenset, AbstractSet}:
        return _set(of[0])
    if origin in {dict, Mapping}:
        return _mapping(*of)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind)
    raise TypeError(f"no plain form for {kind}")


def _refuse(what: str) -> NoReturn:
    raise UnreadableError(what)


def _leaf(kind: type, name: str) -> _Form:
    def read(given: Plain, _: PassageTable) -> Any:
        return given if type(given) is kind else _refuse(f"is not {name}")

    return _Form(lambda value, _: value, read)


def _write_float(value: float, _: PassageTable) -> Plain:
    return value if isfinite(value) else str(value)


def _read_float(given: Plain, _: PassageTable) -> float:
    if isinstance(given, float) or type(given) is int:
        return float(given)
    return _NUMBERS[given] if isinstance(given, str) and given in _NUMBERS else _refuse("is not a number")


def _read_bytes(given: Plain, _: PassageTable) -> bytes:
    try:
        return b64decode(given, validate=True)
    except (TypeError, ValueError):
        _refuse("is not Base64")


def _read_iso(kind: type[datetime] | type[time]) -> Callable[[Plain, PassageTable], datetime | time]:
    def read(given: Plain, _: PassageTable) -> datetime | time:
        try:
            return kind.fromisoformat(given)
        except (TypeError, ValueError):
            _refuse("is not a time")

    return read


def _read_zone(given: Plain, _: PassageTable) -> tzinfo:
    try:
        return ZoneInfo(given)
    except (TypeError, ValueError, LookupError, OSError):
        _refuse("is not a time zone")


def _read_words(given: Plain, _: PassageTable) -> PromptWords:
    return PromptWords(given) if isinstance(given, str) else _refuse("is not a text")


_LEAVES: Final[Mapping[Any, _Form]] = {
    type(None): _leaf(type(None), "null"),
    None: _leaf(type(None), "null"),
    bool: _leaf(bool, "true or false"),
    int: _leaf(int, "a whole number"),
    str: _leaf(str, "a text"),
    float: _Form(_write_float, _read_float),
    bytes: _Form(lambda value, _: b64encode(value).decode(), _read_bytes),
    datetime: _Form(lambda value, _: value.isoformat(), _read_iso(datetime)),
    time: _Form(lambda value, _: value.isoformat(), _read_iso(time)),
    tzinfo: _Form(lambda value, _: str(value), _read_zone),
    PromptWords: _Form(lambda value, _: value.text, _read_words),
}


def _enum(kind: type[Enum]) -> _Form:
    def read(given: Plain, _: PassageTable) -> Enum:
        return (
            kind[given] if isinstance(given, str) and given in kind.__members__ else _refuse("is no word of its list")
        )

    return _Form(lambda value, _: value.name, read)


def _list(item: Any, make: Callable[[Any], Any]) -> _Form:
    form = _Later(item)

    def read(given: Plain, table: PassageTable) -> Any:
        if not isinstance(given, list):
            _refuse("is not a list")
        return make(_at(place, form, each, table) for place, each in enumerate(given))

    return _Form(lambda value, table: [form.write(each, table) for each in value], read)


def _set(item: Any) -> _Form:
    form = _list(item, frozenset)
    return _Form(lambda value, table: sorted(form.write(value, table), key=dumps), form.read)


def _row(items: Sequence[Any]) -> _Form:
    forms = [_Later(item) for item in items]

    def write(value: Sequence[Any], table: PassageTable) -> Plain:
        return [form.write(each, table) for form, each in zip(forms, value, strict=True)]

    def read(given: Plain, table: PassageTable) -> tuple[Any, ...]:
        if not isinstance(given, list) or len(given) != len(forms):
            _refuse(f"is not a list of {len(forms)}")
        return tuple(_at(place, form, each, table) for place, (form, each) in enumerate(zip(forms, given, strict=True)))

    return _Form(write, read)


def _mapping(key: Any, item: Any) -> _Form:
    pairs = _list(tuple[key, item], dict)
    return _Form(lambda value, table: pairs.write(value.items(), table), pairs.read)


def _union(kinds: Sequence[Any]) -> _Form:
    found: list[Any] = [kind for kind in kinds if kind is not Passage and is_dataclass(kind)]
    classes = {kind.__name__: kind for kind in found}
    others = [kind for kind in kinds if kind not in classes.values()]
    if len(classes) == 1:
        (only,) = classes.values()
        return _alternatives([*others, only])

    def write(value: Any, table: PassageTable) -> Plain:
        kind = classes.get(type(value).__name__)
        if kind is None:
            return _alternatives(others).write(value, table)
        return {KIND: kind.__name__, **_form(kind).write(value, table)}

    def read(given: Plain, table: PassageTable) -> Any:
        if not isinstance(given, dict):
            return _alternatives(others).read(given, table)
        named = given.get(KIND)
        kind = classes.get(named) if isinstance(named, str) else None
        if kind is None:
            _refuse("is of no known kind")
        return _form(kind).read({name: value for name, value in given.items() if name != KIND}, table)

    return _Form(write, read)


def _alternatives(kinds: Sequence[Any]) -> _Form:
    """Return the form of values of several types, no two of which JSON writes alike."""
    # What is not null is refused by what it should have been.
    forms = [(kind, _Later(kind)) for kind in sorted(kinds, key=lambda kind: kind is not type(None))]

    def write(value: Any, table: PassageTable) -> Plain:
        for kind, form in forms:
            if _is(value, kind):
                return form.write(value, table)
        raise TypeError(f"no plain form for {type(value).__qualname__}")

    def read(given: Plain, table: PassageTable) -> Any:
        refused = UnreadableError("is of no known kind")
        for _, form in forms:
            try:
                return form.read(given, table)
            except UnreadableError as error:
                refused = error
        raise refused

    return _Form(write, read)


def _is(value: Any, kind: Any) -> bool:
    """Return whether a value is of one of the types of a union."""
    concrete = get_origin(kind) or kind
    if concrete is None:
        return value is None
    if concrete is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if concrete in {int, bool}:
        return type(value) is concrete
    if concrete is tuple and isinstance(value, tuple):
        # A list of texts is another than one of pairs.
        of = get_args(kind)
        return all(_is(each, of[0]) for each in value) if of[-1] is Ellipsis else len(value) == len(of)
    return isinstance(value, concrete)


@cache
def _dataclass(kind: Any) -> _Form:
    hints = get_type_hints(kind)
    known = {each.name: (each, _Later(hints[each.name])) for each in fields(kind) if each.init}

    def write(value: Any, table: PassageTable) -> Plain:
        return {
            name: form.write(found, table)
            for name, (each, form) in known.items()
            if _matters(each, found := getattr(value, name))
        }

    def read(given: Plain, table: PassageTable) -> Any:
        if not isinstance(given, dict):
            _refuse("is not an object")
        if unknown := next((name for name in given if name not in known), None):
            _refuse(f"has the unknown key {unknown[:64]!r}")
        missing = (name for name, (each, _) in known.items() if name not in given and not _optional(each))
        if (first := next(missing, None)) is not None:
            _refuse(f"lacks the key {first!r}")
        return kind(**{name: _at(name, known[name][1], value, table) for name, value in given.items()})

    return _Form(write, read)


def _optional(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


def _matters(each: Field[Any], value: Any) -> bool:
    """Return whether a field has to be written: it has another value than without a word."""
    if each.default is not MISSING:
        return bool(value != each.default) or type(value) is not type(each.default)
    return each.default_factory is MISSING or bool(value != each.default_factory())


def _at(place: str | int, form: "_Later", given: Plain, table: PassageTable) -> Any:
    """Return a value that is part of another; an error says where it stands."""
    try:
        return form.read(given, table)
    except UnreadableError as error:
        name = f"[{place}]" if isinstance(place, int) else f".{place}"
        inner = str(error)
        raise UnreadableError(f"{name}{inner}" if inner[:1] in {"[", "."} else f"{name} {inner}") from None


class _Later:
    """A form that is looked up when it is first used: types name each other."""

    __slots__ = ("_kind",)

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def write(self, value: Any, table: PassageTable) -> Plain:
        """Write a value."""
        return _form(self._kind).write(value, table)

    def read(self, given: Plain, table: PassageTable) -> Any:
        """Read a value."""
        return _form(self._kind).read(given, table)
