"""The generator finds what differs and names it."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "protos" / "generate.py"


@pytest.fixture
def generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, working on a copy of the package."""
    spec = importlib.util.spec_from_file_location("generate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    package = tmp_path / "clients" / "python" / "src" / "groundwire"
    shutil.copytree(module.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "PACKAGE", package)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    return module


def test_what_is_committed_is_what_is_generated(generator: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert generator.main() == 0, capsys.readouterr().err


def test_names_what_differs_and_mends_it(
    generator: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    v1 = generator.PACKAGE / "v1"
    (v1 / "question_pb2.py").write_text("# changed by hand\n")
    (v1 / "answer_service_pb2.pyi").unlink()
    (v1 / "gone_pb2.py").write_text("")
    assert generator.main() == 1
    said = capsys.readouterr().err
    assert "out of date: clients/python/src/groundwire/v1/question_pb2.py" in said
    assert "missing: clients/python/src/groundwire/v1/answer_service_pb2.pyi" in said
    assert "superfluous: clients/python/src/groundwire/v1/gone_pb2.py" in said
    assert said.count("\n") == 4

    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generator.main() == 0
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generator.main() == 0
