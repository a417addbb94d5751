"""What holds over the source of the whole server: how classes are named, and which way imports go."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import groundwire_server

PACKAGE = Path(groundwire_server.__file__).parent
ROOT = "GroundwireError"
PLANNED = {"Failure": ("Failure",), "Rejection": ("Rejection", "AccessDenied")}
"""How the names of each one's subclasses may end."""


@cache
def modules() -> Mapping[str, ast.Module]:
    """Return every module of the server, parsed, by its dotted name."""
    found = {}
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = ast.parse(file.read_bytes())
    return found


def exceptions() -> dict[str, frozenset[str]]:
    """Return every exception class of the server, with the names of all of its bases."""
    bases: dict[str, set[str]] = {}
    for module in modules().values():
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                names = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                bases.setdefault(node.name, set()).update(names)

    def above(name: str) -> set[str]:
        return {name}.union(*map(above, bases.get(name, ())))

    return {name: frozenset(above(name)) for name in bases if any(map(_is_exception, above(name) - bases.keys()))}


def _is_exception(base: str) -> bool:
    """Return whether a base that is not the server's own is an exception, by what it is or by its name."""
    known = getattr(builtins, base, None)
    foreign = base.endswith(("Error", "Exception", "Exit"))
    return foreign or (isinstance(known, type) and issubclass(known, BaseException))


def test_every_exception_has_one_root() -> None:
    assert [name for name, bases in exceptions().items() if ROOT not in bases] == []


def test_planned_exceptions_keep_their_word_and_all_others_end_in_error() -> None:
    wrong = []
    for name, bases in exceptions().items():
        planned = [endings for word, endings in PLANNED.items() if word in bases]
        if not name.endswith(planned[0] if planned else "Error"):
            wrong.append(name)
    assert wrong == []


def test_every_kind_of_exception_is_found() -> None:
    found = exceptions()
    assert "Failure" in found["UnusableStoreFailure"]
    assert "Rejection" in found["AccessDenied"]
    assert {"SetupError", "MissingExtraError", "_UnsupportedYamlError"} <= found.keys()


def test_no_public_class_has_the_name_of_another() -> None:
    defined = Counter(
        node.name for module in modules().values() for node in ast.walk(module) if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in defined.items() if count > 1 and not name.startswith("_")] == []


def imports(module: ast.Module) -> Iterator[str]:
    """Yield the modules of the server that a module imports when it is imported, or when a function of it runs."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(source), names=names):
                yield from (
                    f"{source}.{each.name}" if f"{source}.{each.name}" in modules() else source for each in names
                )
            case _:
                pass


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        name: {each for each in imports(module) if each in modules()} - {name} for name, module in modules().items()
    }
    assert sum(map(len, graph.values())) > 500
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        raise AssertionError(" imports ".join(reversed(circle.args[1]))) from None
