"""The committed image holds the contract in place."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROTOS = Path(__file__).parents[2] / "protos"


def breaking(folder: Path) -> "subprocess.CompletedProcess[str]":
    buf = Path(sys.executable).parent / "buf"
    against = ["--path", "groundwire", "--against", "image.binpb", "--exclude-imports"]
    return subprocess.run([buf, "breaking", *against], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROTOS, tmp_path / "protos"))


def test_the_changelog_names_the_image() -> None:
    digest = hashlib.sha256((PROTOS / "image.binpb").read_bytes()).hexdigest()
    newest, *_ = re.findall(r"^### (\w+)$", (PROTOS / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest == digest, "a new image needs an entry in protos/CHANGELOG.md that says why"


@pytest.mark.process
@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        ("passage.proto", "optional int32 top_k = 1", "optional int64 top_k = 1", "changed type"),
        ("outcome.proto", "NEXT_STEP_SHOW = 1", "NEXT_STEP_DISPLAY = 1", "changed name"),
        ("answer_service.proto", "  bool cancelled = 1;", "", "was deleted"),
        (
            "answer_service.proto",
            "returns (stream StreamAnswerResponse)",
            "returns (StreamAnswerResponse)",
            "streaming",
        ),
    ],
)
def test_a_break_is_found(copy: Path, file: str, before: str, after: str, says: str) -> None:
    path = copy / "groundwire" / "v1" / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    found = breaking(copy)
    assert found.returncode != 0
    assert says in found.stdout


@pytest.mark.process
def test_an_addition_is_no_break(copy: Path) -> None:
    path = copy / "groundwire" / "v1" / "passage.proto"
    path.write_text(path.read_text() + "\n// Added is new.\nmessage Added {}\n")
    assert breaking(copy).returncode == 0
