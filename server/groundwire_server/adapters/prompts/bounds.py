"""What bounds a template before it is read: how deep and how long it is, and which names and texts it has.

What reads a template, compiles it and renders it goes down its tree, so that none of them can be made to fail.
"""

from collections.abc import Iterator
from typing import Final

from jinja2 import nodes

from groundwire_server.adapters.prompts.fences import SIGNS

MOST_RENDERED: Final = 4_194_304
"""Code points of one rendered block: no model reads more."""

MOST_ERRORS: Final = 100
"""Errors after which a template is read no further."""

_DEPTH: Final = 120
"""Nodes of a tree within each other."""

_EXPRESSION_DEPTH: Final = 24
_EXPRESSION_PARTS: Final = 64
_WAYS: Final = 64
"""Branches of one `if`."""

_MOST_NUMBER: Final = 1_000_000_000
_OF_MACROS: Final = ("caller", "kwargs", "varargs")
"""Names that mean something else in a macro."""


def out_of_bounds(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Yield the line of each part of a template that is out of bounds, and why; only the first if it is too deep."""
    known: set[str] = set()
    ahead: list[tuple[nodes.Node, int, bool]] = [(tree, 0, False)]
    while ahead:
        node, depth, in_macro = ahead.pop()
        if depth > _DEPTH:
            yield node.lineno, "is nested too deep"
            return
        match node:
            case nodes.Block() if node.name in known:
                yield node.lineno, f"block `{node.name}` is there already: leave one of the two out"
            case nodes.Block():
                known.add(node.name)
            case nodes.If() if len(node.elif_) >= _WAYS:
                yield node.lineno, f"has more than {_WAYS} branches: write fewer"
            case nodes.For() if node.test is not None and _names(node.test, "loop"):
                yield node.lineno, "`loop` is there within the loop, and not in its condition: write {% if %} in it"
            case nodes.Macro():
                in_macro = True
            case _:
                pass
        yield from _wrong_names(node, in_macro)
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr) and not isinstance(node, nodes.Expr):
                fault = _expression_fault(child)
                if fault:
                    yield child.lineno, fault
                    continue
            ahead.append((child, depth + 1, in_macro))


def _wrong_names(node: nodes.Node, in_macro: bool) -> Iterator[tuple[int, str]]:
    """Yield why a name or a text of an expression cannot be used."""
    match node:
        # Python takes several spellings of a letter for one, so that a name could stand for another.
        case nodes.Name() | nodes.Macro() if not node.name.isascii():
            yield node.lineno, "a name has letters beside a to z: choose another"
        case nodes.Name() if in_macro and node.name in _OF_MACROS:
            yield node.lineno, f"`{node.name}` cannot be read in a macro: show it outside"
        case nodes.Const(value=str() as text):
            if "<" in text or any(sign in text for sign in SIGNS):
                yield node.lineno, "a text within braces may not hold `<`: write it outside of them"
            elif any("\ud800" <= each <= "\udfff" or each == "\0" for each in text):
                yield node.lineno, "a text within braces holds a character that no text has: remove it"
        case nodes.Const(value=int() as number) if abs(number) > _MOST_NUMBER:
            yield node.lineno, f"a number is above {_MOST_NUMBER}: write it outside of braces"


def _expression_fault(expression: nodes.Expr) -> str:
    """Return why an expression is too long, or too deep; empty where it is neither."""
    parts = 0
    ahead: list[tuple[nodes.Node, int]] = [(expression, 1)]
    while ahead:
        node, depth = ahead.pop()
        parts += 1
        if parts > _EXPRESSION_PARTS or depth > _EXPRESSION_DEPTH:
            return "an expression is too long, or nested too deep: split it"
        ahead += ((child, depth + 1) for child in node.iter_child_nodes())
    return ""


def _names(expression: nodes.Node, name: str) -> bool:
    ahead = [expression]
    while ahead:
        node = ahead.pop()
        if isinstance(node, nodes.Name) and node.name == name:
            return True
        ahead += node.iter_child_nodes()
    return False
