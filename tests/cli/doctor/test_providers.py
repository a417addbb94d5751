"""What `groundwire doctor` says of providers: a line for each."""

import re
from contextlib import AbstractContextManager
from email.message import Message
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from time import time

import pytest

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.examine import Examination
from tests.doubles.threaded import threaded

KEY = "sk-SECRET"


def listing(status: int, body: str, seen: list[tuple[str, str | None]]) -> AbstractContextManager[int]:
    """A provider that answers every question which models it has."""

    def answer(method: str, path: str, headers: Message) -> tuple[int, str]:
        seen.append((path, headers["Authorization"]))
        return status, body

    return threaded(answer)


def examined(folder: Path, monkeypatch: pytest.MonkeyPatch, port: int, scheme: str = "http") -> CheckResult:
    monkeypatch.setenv("HOUSE_KEY", KEY)
    config = folder / "c.yaml"
    config.write_text(
        "providers:\n"
        f"  house: {{kind: openai, base_url: '{scheme}://127.0.0.1:{port}/v1', api_key: 'env://HOUSE_KEY'}}\n"
        "models:\n  large: {kind: openai, provider: house, model: qwen}\n  extractive: {kind: extractive}\n"
    )
    (found,) = [each for each in checked(config) if each.check == "provider"]
    assert KEY not in found.message
    return found


def checked(config: Path) -> list[CheckResult]:
    elsewhere = ConnectionOptions("elsewhere.example.com:443")
    return list(Examination.of(elsewhere, config, named=True).of_configuration())


@pytest.mark.parametrize(
    ("status", "body", "state", "says"),
    [
        (200, '{"data": [{"id": "qwen"}]}', CheckState.OK, "accepts requests"),
        (200, '{"data": [{"id": "other"}]}', CheckState.WARN, "does not list qwen; it lists other"),
        (
            200,
            '{"data": [{"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "qwen3"}]}',
            CheckState.WARN,
            "qwen3, a, b and 1 more",
        ),
        (200, "no JSON", CheckState.OK, "accepts requests"),
        (401, "sk-SECRET is wrong", CheckState.FAIL, "rejects its key with HTTP status 401"),
        (403, "", CheckState.FAIL, "rejects its key with HTTP status 403"),
        (404, "", CheckState.OK, "does not list models"),
        (503, "", CheckState.WARN, "HTTP status 503"),
    ],
)
def test_a_provider_is_reached_and_its_key_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: str, state: CheckState, says: str
) -> None:
    seen: list[tuple[str, str | None]] = []
    with listing(status, body, seen) as port:
        found = examined(tmp_path, monkeypatch, port)
    assert found.state is state
    assert says in found.message
    assert bool(found.advice) == (state is not CheckState.OK)
    assert seen == [("/v1/models", f"Bearer {KEY}")]


def test_a_server_that_still_loads_its_models_is_said_to(tmp_path: Path) -> None:
    def answer(method: str, path: str, headers: Message) -> tuple[int, str]:
        return 503 if path == "/health" else 200, '{"data": [{"id": "qwen"}]}'

    config = tmp_path / "c.yaml"
    with threaded(answer) as port:
        config.write_text(
            f"providers: {{house: {{kind: openai, profile: vllm, base_url: 'http://127.0.0.1:{port}/v1', "
            "residency: self_hosted}}\n"
            "models:\n  own: {kind: openai, provider: house, model: qwen}\n  extractive: {kind: extractive}\n"
        )
        (found,) = [each for each in checked(config) if each.check == "provider"]
    assert found.state is CheckState.WARN
    assert found.message.endswith("answers, and its models are not loaded yet")
    assert "other models" in found.advice


def test_a_provider_that_is_down_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(tmp_path, monkeypatch, 1)
    assert found.state is CheckState.FAIL
    assert found.message == "provider house at http://127.0.0.1:1/v1 cannot be reached (Connection refused)"
    assert "providers.house.base_url" in found.advice


def test_one_that_speaks_no_tls_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listing(200, "{}", []) as port:
        found = examined(tmp_path, monkeypatch, port, "https")
    assert found.state is CheckState.FAIL
    assert found.message.endswith("does not speak TLS there")


def test_every_model_that_is_not_listed_is_named(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    with listing(200, '{"data": [{"id": "qwen"}]}', []) as port:
        config.write_text(
            f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:{port}/v1'}}}}\n"
            "models:\n"
            + "".join(
                f"  {name}: {{kind: openai, provider: house, model: {name}}}\n" for name in ("qwen", "kimi", "glm")
            )
            + "  extractive: {kind: extractive}\n"
        )
        found = [each.advice.partition(",")[0] for each in checked(config) if each.check == "provider"]

    assert found == ["correct models.kimi.model", "correct models.glm.model"]


@pytest.mark.parametrize(("ahead", "says"), [(0, None), (600, "600 s ahead of"), (-600, "600 s behind")])
def test_clocks_are_compared_with_the_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int, says: str | None
) -> None:
    monkeypatch.setattr(
        BaseHTTPRequestHandler, "date_time_string", lambda handler: formatdate(time() + ahead + 0.5, usegmt=True)
    )
    config = tmp_path / "c.yaml"
    with listing(200, "{}", []) as port:
        config.write_text(
            f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:{port}/v1'}}}}\n"
            "models: {large: {kind: openai, provider: house, model: qwen}, extractive: {kind: extractive}}\n"
        )
        found = [each for each in checked(config) if each.check == "clock"]

    assert [each.state for each in found] == ([] if says is None else [CheckState.WARN])
    # The header has whole seconds.
    assert all(re.search(rf"\b(599|600|601) s {says.partition(' s ')[2]}", each.message) for each in found if says)
