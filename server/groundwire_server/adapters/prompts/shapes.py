"""What stands in the variables of a template: whose text it is, and what may be asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Final, NamedTuple

from groundwire_server.domain.prompts.variables import Variable, VariableType


class Whose(Enum):
    """Who has written a text."""

    OURS = auto()
    """The template, the operator or the server: it may stand anywhere."""
    THEIRS = auto()
    """Others: it stands behind a fence."""
    EITHER = auto()
    """A variable that a route may fill from either: outside a fence it takes the operator's alone."""


class ValueKind(Enum):
    """What sort of value can be shown; values of two sorts have no order, and are never equal."""

    TEXT = "a text"
    NUMBER = "a number"
    TRUTH = "true or false"
    NOTHING = "nothing"
    MIXED = "a value of several kinds"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a variable holds.

    Attributes:
        whose: the text in it is.
        name: of the variable, for messages.
        items: of a list; None where it is none.
        most: items of a list.
        length: code points that it is known to have; 0 where a call decides.
        fields: that can be asked for, by name, in the order in which they are unpacked; empty for a text.
        kind: of a value that is neither a list nor has fields.
    """

    whose: Whose
    name: str
    items: "Shape | None" = None
    most: int = 1
    length: int = 0
    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    kind: ValueKind = ValueKind.TEXT

    @property
    def text(self) -> bool:
        """Whether it can be shown as it is."""
        return self.items is None and not self.fields


class ShownPassage(NamedTuple):
    """A passage as a template sees it."""

    id: str
    title: str
    text: str


class ShownTurn(NamedTuple):
    """A turn as a template sees it."""

    speaker: str
    text: str


class ShownDeparture(NamedTuple):
    """Words of a draft beside those of the passage."""

    said: str
    passage: str


class ShownSupport(NamedTuple):
    """The passage that a sentence should rest on; false where there is none, and its fields are empty."""

    id: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.id)


class ShownPair(NamedTuple):
    """A pair of a variable."""

    key: str
    value: str


_PASSAGES: Final = 64
_TURNS: Final = 16
_DEPARTURES: Final = 32
_ITEMS: Final = 256

LOOP: Final = Shape(
    Whose.OURS,
    "loop",
    fields={
        name: Shape(Whose.OURS, f"loop.{name}", kind=kind)
        for name, kind in (
            ("first", ValueKind.TRUTH),
            ("index", ValueKind.NUMBER),
            ("index0", ValueKind.NUMBER),
            ("last", ValueKind.TRUTH),
            ("length", ValueKind.NUMBER),
        )
    },
)
"""What may be asked of `loop`."""


def _ours(name: str) -> Shape:
    return Shape(Whose.OURS, name)


def _theirs(name: str) -> Shape:
    return Shape(Whose.THEIRS, name)


def _record(name: str, whose: Whose = Whose.THEIRS, **fields: Whose) -> Shape:
    return Shape(whose, name, fields={key: Shape(of, f"{name}.{key}") for key, of in fields.items()})


def _list(name: str, items: Shape, most: int) -> Shape:
    return Shape(items.whose, name, items, most)


_USER: Final[Mapping[str, Shape]] = {
    "question": _theirs("question"),
    "turns": _list("turns", _record("turn", speaker=Whose.OURS, text=Whose.THEIRS), _TURNS),
    "passages": _list("passages", _record("passage", id=Whose.OURS, title=Whose.THEIRS, text=Whose.THEIRS), _PASSAGES),
}
_WRONG: Final[Mapping[str, Shape]] = {
    "wrong": _ours("wrong"),
    "problem": _ours("problem"),
    "departures": _list("departures", _record("departure", said=Whose.THEIRS, passage=Whose.THEIRS), _DEPARTURES),
}

BLOCKS: Final[Mapping[str, Mapping[str, Shape]]] = MappingProxyType(
    {
        # The variables of `user` are there, and lint says why they should not be used.
        "system": _USER,
        "user": _USER,
        "repair": {"draft": _theirs("draft"), **_WRONG},
        "correction": {
            "sentence": _theirs("sentence"),
            **_WRONG,
            "rests_on": _record("rests_on", id=Whose.OURS, text=Whose.THEIRS),
        },
        "continuation": {"segments": _list("segments", _theirs("segment"), _PASSAGES)},
    }
)
"""The blocks of a template, each with the variables that it has beside those of all: the mark, and the declared."""

OF_ALL: Final[Mapping[str, Shape]] = MappingProxyType({"mark": _ours("mark"), "answer_form": _ours("answer_form")})


def declared(variable: Variable) -> Shape:
    """Return the shape of a variable of the front matter, as long as its default where that is longer than usual."""
    default = variable.absent
    most = max(_ITEMS, 0 if isinstance(default, str) else len(default))
    match variable.type:
        case VariableType.TEXT:
            return Shape(Whose.EITHER, variable.name, length=len(default))
        case VariableType.LIST:
            length = max(map(len, default), default=0)
            return _list(variable.name, Shape(Whose.EITHER, variable.name, length=length), most)
        case VariableType.PAIRS:
            length = max((len(text) for pair in default for text in pair), default=0)
            fields = {key: Shape(Whose.EITHER, f"{variable.name}.{key}", length=length) for key in ("key", "value")}
            return _list(variable.name, Shape(Whose.EITHER, variable.name, fields=fields), most)
