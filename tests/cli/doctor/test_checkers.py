"""What `groundwire doctor` says of checkers."""

from pathlib import Path

import pytest

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.examine import Examination
from tests.doubles.threaded import threaded

_LISTED = '{"data": [{"id": "other"}]}'


def examined(config: Path) -> dict[str, CheckResult]:
    target = ConnectionOptions("elsewhere.example.com:443")
    return {each.check: each for each in Examination.of(target, config, named=True).of_configuration()}


@pytest.mark.parametrize(
    ("status", "body", "state", "says", "do"),
    [
        (200, '{"answers": [{"name": "s1", "probability": 0.5}]}', CheckState.OK, "fast (decisions) rates", ""),
        (200, '{"answers": []}', CheckState.FAIL, "more or fewer sentences", "correct the checker's `api`"),
        (200, "SECRET", CheckState.FAIL, "not what its protocol says", "provider"),
        (401, "SECRET", CheckState.FAIL, "it fails with MODEL_MISCONFIGURED", "correct checkers.fast"),
    ],
)
def test_a_word_is_rated(tmp_path: Path, status: int, body: str, state: CheckState, says: str, do: str) -> None:
    config = tmp_path / "c.yaml"
    with threaded(lambda method, path, headers: (status, body) if method == "POST" else (200, _LISTED)) as port:
        config.write_text(
            f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:{port}/v1'}}}}\n"
            "checkers: {fast: {kind: decisions, provider: house, model: luna, retry: {max_attempts: 1}}}\n"
            f"stores: {{main: {{folder: {tmp_path}}}}}\nmodels: {{quoting: {{kind: extractive}}}}\n"
            "routes: {default: {models: [quoting], store: main, checker: fast}}\n"
        )
        found = examined(config)
    assert found["checker"].state is state
    assert says in found["checker"].message
    assert do in found["checker"].advice
    assert "SECRET" not in f"{found}"
    assert "does not list luna" in found["provider"].message


def test_a_folder_without_a_model_is_said_to_have_none(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        f"checkers: {{local: {{kind: onnx, folder: {tmp_path / 'nowhere'}}}}}\n"
        f"stores: {{main: {{folder: {tmp_path}}}}}\nmodels: {{quoting: {{kind: extractive}}}}\n"
        "routes: {default: {models: [quoting], store: main, checker: local}}\n"
    )
    found = examined(config)["checker"]
    assert found.state is CheckState.FAIL
    assert "model.onnx cannot be read" in found.message
