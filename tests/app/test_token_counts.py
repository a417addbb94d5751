"""Calibrating an estimate by the count of a provider, which may say anything."""

from pathlib import Path

import pytest

from groundwire_server.adapters.tokens.calibration import samples
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.token_counts import NotCountableError, calibrated
from tests.doubles.upstream import Reply, upstream

CONFIGURATION = """providers: {{claude: {{kind: anthropic, base_url: "http://127.0.0.1:{port}/v1", api_key: env://CLAUDE}}}}
models: {{claude: {{kind: anthropic, provider: claude, model: claude-test}}}}
stores: {{main: {{kind: embedded, folder: data}}}}
routes: {{default: {{models: [claude], store: main}}}}
"""


@pytest.mark.parametrize("count", [9, 10**30])
async def test_counts_that_are_of_no_tokenizer_calibrate_nothing(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE", "k")
    replies = [Reply([f'{{"input_tokens": {count}}}'.encode()], headers=(("Content-Type", "application/json"),))]
    async with upstream(*replies * (len(samples()) + 1)) as at:
        (tmp_path / "groundwire.yaml").write_text(CONFIGURATION.format(port=at.port))
        loaded = load(Sources(tmp_path / "groundwire.yaml", {"CLAUDE": "k"}))
        with pytest.raises(NotCountableError, match=r"models.claude: its provider counts .* does: check base_url"):
            await calibrated("claude", loaded.configuration)
