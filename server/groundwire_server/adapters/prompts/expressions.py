"""What an expression of a template may say: variables and what is in them, a few filters, and comparisons."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Final

from jinja2 import nodes

from groundwire_server.adapters.prompts.environment import FILTERS
from groundwire_server.adapters.prompts.shapes import Shape, ValueKind, Whose

_OURS: Final = Shape(Whose.OURS, "")
_TRUTH: Final = Shape(Whose.OURS, "", kind=ValueKind.TRUTH)
_NOTHING: Final = Shape(Whose.OURS, "", kind=ValueKind.NOTHING)
_UNKNOWN: Final = Shape(Whose.OURS, "?")
"""Stands in for what has been reported, so that one error is not followed by others."""

_WHAT: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Call: "a call",
    nodes.Getitem: "a subscript",
    nodes.Slice: "a slice",
    nodes.Test: "a test with `is`",
    nodes.List: "a list",
    nodes.Tuple: "a tuple",
    nodes.Dict: "a dictionary",
    nodes.Concat: "joining with `~`",
    nodes.Mul: "a multiplication",
    nodes.Pow: "a power",
    nodes.Add: "an addition",
    nodes.Sub: "a subtraction",
    nodes.Div: "a division",
    nodes.FloorDiv: "a division",
    nodes.Mod: "formatting with `%`",
    nodes.Neg: "a sign",
    nodes.Pos: "a sign",
}


class Expressions:
    """Reads expressions, and reports what they may not say.

    Args:
        report: takes the line and the message of an error.
        bare: is added the variables that only the operator may fill.
        used: is added the variables of the front matter that are read.
    """

    def __init__(self, report: Callable[[int, str], None], bare: set[str], used: set[str]) -> None:
        self._report = report
        self._bare = bare
        self._used = used

    def read(self, node: nodes.Node, scope: Mapping[str, Shape]) -> Shape:
        """Return what an expression yields."""
        match node:
            case nodes.Name():
                return self._name(node, scope)
            case nodes.Const():
                return Shape(Whose.OURS, "", kind=_kind_of(node.value))
            case nodes.Getattr(node=nodes.Name() as of):
                return self._field(node, of.name, self._name(of, scope))
            case nodes.Filter():
                return self._filtered(node, scope)
            case nodes.CondExpr():
                self.condition(node.test, scope)
                # Without `else` it may be nothing.
                ways = [_NOTHING if each is None else self.read(each, scope) for each in (node.expr1, node.expr2)]
                return self._either(node.lineno, ways, "… if … else …")
            case nodes.And() | nodes.Or():
                # It is one of the two, and not whether they are there.
                word = "and" if isinstance(node, nodes.And) else "or"
                return self._either(
                    node.lineno, [self.read(each, scope) for each in (node.left, node.right)], f"… {word} …"
                )
            case nodes.Compare() | nodes.Not():
                self.condition(node, scope)
                return _TRUTH
            case nodes.Getattr():
                self._report(node.lineno, f"`.{node.attr}` is not allowed here: attributes are those of loop variables")
                return _UNKNOWN
            case _:
                what = _WHAT.get(type(node), type(node).__name__.lower())
                self._report(node.lineno, f"{what} is not allowed in a template")
                return _UNKNOWN

    def condition(self, node: nodes.Node, scope: Mapping[str, Shape]) -> None:
        """Look at a condition: whether something is there, or how texts of the operator's compare."""
        match node:
            case nodes.Not():
                self.condition(node.node, scope)
            case nodes.And() | nodes.Or():
                self.condition(node.left, scope)
                self.condition(node.right, scope)
            case nodes.Compare():
                shapes = [self._compared(each, scope) for each in (node.expr, *(each.expr for each in node.ops))]
                for operand, pair in zip(node.ops, pairwise(shapes), strict=True):
                    self._comparable(node.lineno, operand.op, pair)
            case _:
                self.read(node, scope)

    def unpacked(self, target: nodes.Node, shape: Shape) -> dict[str, Shape]:
        """Return the variables of a loop over a list."""
        item = shape.items
        if item is None:
            return {}
        if isinstance(target, nodes.Name):
            return {target.name: item}
        parts = target.items if isinstance(target, nodes.Tuple) else []
        names = [each.name for each in parts if isinstance(each, nodes.Name)]
        if not names or len(names) != len(item.fields):
            self._report(target.lineno, f"each of `{shape.name}` has: {', '.join(item.fields) or 'one value'}")
        return dict(zip(names, item.fields.values(), strict=False))

    def _name(self, node: nodes.Name, scope: Mapping[str, Shape]) -> Shape:
        if node.name not in scope:
            near = get_close_matches(node.name, scope, n=1)
            guess = f"did you mean `{near[0]}`? " if near else ""
            self._report(
                node.lineno, f"there is no variable `{node.name}`; {guess}there are: {', '.join(sorted(scope))}"
            )
            return _UNKNOWN
        self._used.add(node.name)
        return scope[node.name]

    def _field(self, node: nodes.Getattr, name: str, shape: Shape) -> Shape:
        if shape is not _UNKNOWN and node.attr not in shape.fields:
            there = ", ".join(shape.fields)
            self._report(node.lineno, f"`{name}` has no `{node.attr}`{f'; it has: {there}' if there else ''}")
        return shape.fields.get(node.attr, _UNKNOWN)

    def _either(self, line: int, ways: Sequence[Shape], form: str) -> Shape:
        """Return what an expression yields that is one of several; it shows the operator's texts alone."""
        if any(not each.text or each.whose is not Whose.OURS or each.name == "mark" for each in ways):
            self._report(line, f"`{form}` is for the operator's texts: write {{% if %}} for others")
        kinds = {each.kind for each in ways}
        return Shape(Whose.OURS, "", kind=kinds.pop() if len(kinds) == 1 else ValueKind.MIXED)

    def _filtered(self, node: nodes.Filter, scope: Mapping[str, Shape]) -> Shape:
        if node.node is None or node.name not in FILTERS:
            self._report(node.lineno, f"there is no filter `{node.name}`; there are: {', '.join(FILTERS)}")
            return _UNKNOWN
        given = self.read(node.node, scope)
        plain = all(isinstance(each, nodes.Const) and isinstance(each.value, str) for each in node.args)
        if not plain or len(node.args) > (node.name == "join") or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._report(node.lineno, f"`{node.name}` takes {'one text' if node.name == 'join' else 'nothing'}")
        text = given.text and given.kind is ValueKind.TEXT
        if node.name == "length":
            if not text and given.items is None:
                self._report(node.lineno, "`length` is for a text or a list")
            return Shape(Whose.OURS, "", kind=ValueKind.NUMBER)
        if not (_texts(given) if node.name == "join" else text):
            what = "a list of texts" if node.name == "join" else "a text"
            self._report(node.lineno, f"`{node.name}` is for {what}")
        self._operators(node.lineno, given, f"`{node.name}` would change it after it was made harmless")
        return _OURS

    def _compared(self, node: nodes.Node, scope: Mapping[str, Shape]) -> Shape:
        shape = self.read(node, scope)
        if not shape.text:
            self._report(node.lineno, f"`{shape.name}` is not a text: compare what is in it, or its length")
            return _UNKNOWN
        self._operators(node.lineno, shape, "a condition may ask whether there is one, not what it says")
        return shape

    def _comparable(self, line: int, operator: str, pair: tuple[Shape, Shape]) -> None:
        """Report a comparison that would fail when a prompt is rendered, or never hold."""
        one, other = (each.kind for each in pair)
        if _UNKNOWN in pair:
            return
        if operator in {"in", "notin"}:
            if {one, other} != {ValueKind.TEXT}:
                self._report(line, f"`in` looks for a text in a text, not for {one.value} in {other.value}")
        elif one is not other or one is ValueKind.MIXED:
            self._report(line, f"{one.value} is compared with {other.value}: compare two texts, or two numbers")
        elif operator not in {"eq", "ne"} and one not in {ValueKind.TEXT, ValueKind.NUMBER}:
            self._report(line, "only texts and numbers have an order: write {% if %} without a comparison")

    def _operators(self, line: int, shape: Shape, why: str) -> None:
        """Note that a text must be the operator's."""
        if shape.name == "mark":
            self._report(line, "`mark` is shown as it is, and nowhere else")
        elif shape.whose is Whose.THEIRS:
            self._report(line, f"`{shape.name}` is text of others: {why}")
        elif shape.whose is Whose.EITHER:
            self._bare.add(shape.name.partition(".")[0])


def _kind_of(value: object) -> ValueKind:
    match value:
        case str():
            return ValueKind.TEXT
        case bool():
            return ValueKind.TRUTH
        case None:
            return ValueKind.NOTHING
        case _:
            return ValueKind.NUMBER


def _texts(shape: Shape) -> bool:
    return shape.items is not None and shape.items.text
