"""What `groundwire doctor` says of guards behind endpoints."""

from pathlib import Path

import pytest

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.examine import Examination
from tests.doubles.threaded import threaded

_LISTED = '{"data": [{"id": "other"}]}'
_OWN = "kind: http, provider: house, version: '1', categories: [terms], retry: {max_attempts: 1}"
_CLASSIFIER = (
    "kind: classifier, provider: house, version: '1', model: guard, labels: {BAD: {category: terms}}, "
    "retry: {max_attempts: 1}"
)


def examined(config: Path) -> dict[str, CheckResult]:
    target = ConnectionOptions("elsewhere.example.com:443")
    return {each.check: each for each in Examination.of(target, config, named=True).of_configuration()}


def configured(folder: Path, guard: str, port: int = 9) -> Path:
    config = folder / "c.yaml"
    config.write_text(
        f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:{port}/v1'}}}}\n"
        f"guards: {{it: {{{guard}}}}}\n"
        f"stores: {{main: {{folder: {folder}}}}}\nmodels: {{quoting: {{kind: extractive}}}}\n"
        "routes: {default: {models: [quoting], store: main, screens: {question: {use: [{guard: it}]}}}}\n"
    )
    return config


@pytest.mark.parametrize(
    ("section", "status", "body", "state", "says", "do"),
    [
        (_OWN, 200, '{"results": [{"findings": []}]}', CheckState.OK, "it (http) screens texts", ""),
        (_OWN, 200, '{"results": []}', CheckState.FAIL, "more or fewer texts", "check the guard"),
        (_OWN, 200, "SECRET", CheckState.FAIL, "not what its contract says", "correct the guard's `kind`"),
        (_OWN, 401, "SECRET", CheckState.FAIL, "it fails with MODEL_MISCONFIGURED", "correct guards.it"),
        (_CLASSIFIER, 200, '[[{"label": "BAD", "score": 0.1}]]', CheckState.OK, "it (classifier) screens texts", ""),
        (_CLASSIFIER, 200, '[[{"label": "SECRET", "score": 1}]]', CheckState.FAIL, "lacks a label", "correct `labels`"),
    ],
)
def test_a_word_is_screened(
    tmp_path: Path, section: str, status: int, body: str, state: CheckState, says: str, do: str
) -> None:
    with threaded(lambda method, path, headers: (status, body) if method == "POST" else (200, _LISTED)) as port:
        found = examined(configured(tmp_path, section, port))
    assert found["guard"].state is state
    assert says in found["guard"].message
    assert do in found["guard"].advice
    assert "SECRET" not in f"{found}"
    if "classifier" in section:
        assert "does not list guard" in found["provider"].message


def test_a_guard_that_does_not_listen_is_said_to_fail(tmp_path: Path) -> None:
    section = "kind: grpc, version: '1', categories: [terms], endpoint: {url: 'http://127.0.0.1:9'}"
    found = examined(configured(tmp_path, f"{section}, retry: {{max_attempts: 1}}"))["guard"]
    assert found.state is CheckState.FAIL
    assert found.message == "it (grpc) screens nothing: it fails with MODEL_UNAVAILABLE"


def test_files_of_a_connection_must_be_usable(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    files = (
        f"ca_file: '{tmp_path}/none.pem', certificate_file: '{tmp_path}/empty.pem', key_file: '{tmp_path}/empty.pem'"
    )
    section = f"kind: grpc, version: '1', categories: [terms], endpoint: {{url: 'https://127.0.0.1:9', {files}}}"
    target = ConnectionOptions("elsewhere.example.com:443")
    examination = Examination.of(target, configured(tmp_path, section), named=True)
    told = " ".join(each.message for each in examination.of_configuration() if each.check == "config")
    assert "guards.it.endpoint.ca_file" in told
    assert "guards.it.endpoint.certificate_file: cannot be used with key_file" in told
