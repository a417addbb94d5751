"""The generator finds what differs and names it."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "protos" / "generate.py"


@pytest.fixture
def generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, working on a copy of the generated files."""
    spec = importlib.util.spec_from_file_location("generate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for folder in module.GENERATED:
        shutil.copytree(module.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    return module


def test_what_is_committed_is_what_is_generated(generator: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert generator.main() == 0, capsys.readouterr().err


def test_names_what_differs_and_writes_it(
    generator: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    v1 = generator.ROOT / "clients/python/src/groundwire/v1"
    callers = generator.ROOT / "protos/callers/groundwire/v1"
    (v1 / "question_pb2.py").write_text("# changed by hand\n")
    (v1 / "answer_service_pb2.pyi").unlink()
    (v1 / "gone_pb2.py").write_text("")
    (callers / "question.proto").write_text("// changed by hand\n")
    assert generator.main() == 1
    said = capsys.readouterr().err
    assert "out of date: clients/python/src/groundwire/v1/question_pb2.py" in said
    assert "missing: clients/python/src/groundwire/v1/answer_service_pb2.pyi" in said
    assert "superfluous: clients/python/src/groundwire/v1/gone_pb2.py" in said
    assert "out of date: protos/callers/groundwire/v1/question.proto" in said
    assert said.count("\n") == 5

    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generator.main() == 0
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generator.main() == 0


def test_the_copy_for_callers_has_no_rules(generator: ModuleType) -> None:
    copies = sorted((generator.ROOT / "protos/callers/groundwire/v1").glob("*.proto"))
    assert [path.name for path in copies] == sorted(path.name for path in SCRIPT.parent.glob("groundwire/v1/*.proto"))
    assert [path.name for path in copies if re.search(r"buf[./]validate", path.read_text())] == []


@pytest.mark.parametrize(
    ("before", "after", "copied"),
    [
        ("string text = 2 [\n", "string text = 2 [\n    deprecated = true,\n", None),
        ("string text = 2 [\n", "string text = 2 [ // why ]\n", "  string text = 2;\n"),
        (
            "  // Role names the speaker.\n  enum",
            '  option (buf.validate.message).cel = {id: "]}"};\n  enum',
            "Turn {\n  enum",
        ),
        ('"^([a-z][a-z0-9_-]{0,63})?$"];', '"^[;\\\\]\\"]$"]; // [a] ;', "  string route = 1; // [a] ;\n"),
    ],
    ids=["another option", "a comment", "a statement", "brackets in texts"],
)
def test_what_stands_beside_a_rule_is_kept_or_refused(
    generator: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str, after: str, copied: str | None
) -> None:
    protos = Path(shutil.copytree(SCRIPT.parent, tmp_path / "changed"))
    monkeypatch.setattr(generator, "PROTOS", protos)
    question = protos / "groundwire/v1/question.proto"
    text = question.read_text()
    assert before in text
    question.write_text(text.replace(before, after, 1))
    if copied is None:
        with pytest.raises(generator.GenerationError, match=r"question\.proto without its rules is not what"):
            generator.generate()
    else:
        assert copied in generator.generate()["protos/callers/groundwire/v1/question.proto"].decode()
