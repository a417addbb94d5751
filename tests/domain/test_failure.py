"""How exceptions are named, over the source of the whole server."""

import ast
import builtins
from pathlib import Path

import groundwire_server

ROOT = "GroundwireError"
PLANNED = {"Failure": ("Failure",), "Rejection": ("Rejection", "AccessDenied")}
"""How the kinds of each may end."""


def exceptions() -> dict[str, frozenset[str]]:
    """Return every class of the server that can be raised, with the names of all of its bases."""
    bases: dict[str, set[str]] = {}
    for file in Path(groundwire_server.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ClassDef):
                names = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                bases.setdefault(node.name, set()).update(names)

    def above(name: str) -> set[str]:
        return {name}.union(*map(above, bases.get(name, ())))

    return {name: frozenset(above(name)) for name in bases if any(map(_raised, above(name)))}


def _raised(base: str) -> bool:
    known = getattr(builtins, base, None)
    foreign = base.endswith(("Error", "Exception", "Exit"))
    return foreign or (isinstance(known, type) and issubclass(known, BaseException))


def test_every_exception_has_one_root() -> None:
    assert [name for name, bases in exceptions().items() if ROOT not in bases] == []


def test_what_is_planned_for_keeps_its_word_and_everything_else_ends_in_error() -> None:
    wrong = []
    for name, bases in exceptions().items():
        planned = [endings for word, endings in PLANNED.items() if word in bases]
        if not name.endswith(planned[0] if planned else "Error"):
            wrong.append(name)
    assert wrong == []


def test_every_kind_is_found() -> None:
    found = exceptions()
    assert "Failure" in found["UnusableStoreFailure"]
    assert "Rejection" in found["AccessDenied"]
    assert {"SetupError", "MissingExtraError", "_UnsupportedYamlError"} <= found.keys()
