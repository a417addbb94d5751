"""Every attack of the threat model names the test that proves that it is held off."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    cells
    for line in (ROOT / "docs/explanation/threat-model.md").read_text().splitlines()
    if line.startswith("| ") and (cells := [cell.strip() for cell in line.strip("|").split("|")])[0] != "attack"
]


def names_in(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("cells", ROWS, ids=[cells[0] for cells in ROWS])
def test_the_tests_of_a_row_exist(cells: list[str]) -> None:
    named = re.findall(r"`(tests/[^`]+\.py)::(\w+)`", cells[-1])
    assert named, "a row without a test"
    for file, name in named:
        assert name in names_in(ROOT / file), f"{file} has no {name}"


def test_there_are_rows() -> None:
    assert len(ROWS) > 10
