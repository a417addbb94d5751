"""What `groundwire doctor` says of rerankers."""

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


def configured(folder: Path, reranker: str, port: int = 9) -> Path:
    config = folder / "c.yaml"
    config.write_text(
        f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:{port}/v1'}}}}\n"
        f"rerankers: {{it: {{{reranker}}}}}\n"
        f"stores: {{main: {{folder: {folder}}}}}\nmodels: {{quoting: {{kind: extractive}}}}\n"
        "routes: {default: {models: [quoting], store: main, rerank: {reranker: it}}}\n"
    )
    return config


TWO = '[{"index": 1, "score": 0.1}, {"index": 0, "score": %s}]'


@pytest.mark.parametrize(
    ("status", "body", "state", "says", "do"),
    [
        (200, TWO % "0.9", CheckState.OK, "it (endpoint) rates passages", ""),
        (200, TWO % "9", CheckState.FAIL, "not of the kind that `scores` says", "correct `scores`"),
        (200, "[]", CheckState.FAIL, "more or fewer texts", "correct `api`"),
        (200, "SECRET", CheckState.FAIL, "not what its API says", "correct the reranker's `api`"),
        (401, "SECRET", CheckState.FAIL, "it fails with MODEL_MISCONFIGURED", "correct rerankers.it"),
    ],
)
def test_two_texts_are_rated(tmp_path: Path, status: int, body: str, state: CheckState, says: str, do: str) -> None:
    with threaded(lambda method, path, headers: (status, body) if method == "POST" else (200, _LISTED)) as port:
        section = "kind: endpoint, provider: house, model: bge, api: tei, retry: {max_attempts: 1}"
        found = examined(configured(tmp_path, section, port))
    assert found["reranker"].state is state
    assert says in found["reranker"].message
    assert do in found["reranker"].advice
    assert "SECRET" not in f"{found}"
    assert "does not list bge" in found["provider"].message


def test_a_folder_without_a_model_is_said_to_have_none(tmp_path: Path) -> None:
    found = examined(configured(tmp_path, f"kind: onnx, folder: {tmp_path / 'nowhere'}"))["reranker"]
    assert found.state is CheckState.FAIL
    assert "model.onnx cannot be read" in found.message
