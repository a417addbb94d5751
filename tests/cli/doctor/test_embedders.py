"""What `groundwire doctor` says of embedders of providers."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.examine import Examination
from tests.doubles.threaded import threaded

KEY = "sk-SECRET"
_LISTED = '{"data": [{"id": "other"}]}'


def endpoint(status: int, body: str) -> AbstractContextManager[int]:
    """An embeddings endpoint."""

    return threaded(lambda method, path, headers: (status, body) if method == "POST" else (200, _LISTED))


@pytest.mark.parametrize(
    ("status", "body", "state", "says", "do"),
    [
        (200, '{"data": [{"embedding": [3, 4]}]}', CheckState.OK, "returns vectors of 2 numbers", ""),
        (
            200,
            '{"data": [{"embedding": [3, 4, 5]}]}',
            CheckState.FAIL,
            "another length than `dimensions` says",
            "shorten",
        ),
        (200, "sk-SECRET", CheckState.FAIL, "is not a list of vectors", "base_url"),
        (401, "sk-SECRET", CheckState.FAIL, "refuses the key, the model or the request", "correct them"),
        (200, '{"data": []}', CheckState.FAIL, "more or fewer texts", "embedders.house"),
    ],
)
def test_a_word_is_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: str, state: CheckState, says: str, do: str
) -> None:
    monkeypatch.setenv("HOUSE_KEY", KEY)
    config = tmp_path / "c.yaml"
    with endpoint(status, body) as port:
        config.write_text(
            f"providers:\n  house: {{kind: openai, base_url: 'http://127.0.0.1:{port}/v1', api_key: 'env://HOUSE_KEY'}}\n"
            "embedders:\n  house: {kind: openai, provider: house, model: bge, dimensions: 2}\n"
            f"stores: {{main: {{folder: {tmp_path}, embedder: house}}}}\n"
        )
        found: dict[str, CheckResult] = {
            each.check: each
            for each in Examination.of(
                ConnectionOptions("elsewhere.example.com:443"), config, named=True
            ).of_configuration()
        }
    assert found["embedder"].state is state
    assert says in found["embedder"].message
    assert do in found["embedder"].advice
    assert KEY not in f"{found}"
    assert "does not list bge" in found["provider"].message
