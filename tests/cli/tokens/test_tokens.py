"""`groundwire tokens`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire_server.domain.text.tokens import ESTIMATES
from tests.cli.conftest import Ran

Command = Callable[..., Ran]

TEXT = "Parcels wait in the mail room until the end of the week."


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("handbook.md").write_text(TEXT)
    configured()
    return tmp_path


def configured(tokens: str = "{kind: estimate}") -> None:
    Path("groundwire.yaml").write_text(
        "providers:\n  house: {kind: openai, base_url: 'http://127.0.0.1:9/v1'}\n"
        "  anthropic: {kind: anthropic, base_url: 'http://127.0.0.1:9/v1'}\n"
        "stores: {main: {folder: data}}\nroutes: {default: {models: [gpt, claude], store: main}}\n"
        "models:\n"
        f"  gpt: {{kind: openai, provider: house, model: gpt-5, tokens: {tokens}}}\n"
        "  claude: {kind: anthropic, provider: anthropic, model: claude-sonnet-4-5}\n"
    )


def test_each_model_has_its_count(groundwire_command: Command) -> None:
    ran = groundwire_command("tokens", "count", "handbook.md")
    gpt, claude = ESTIMATES["o200k"].count(TEXT), ESTIMATES["claude"].count(TEXT)
    assert ran.out.splitlines() == [
        f"{gpt:>9}  handbook.md  gpt (estimate:o200k, estimated)",
        f"{claude:>9}  handbook.md  claude (estimate:claude, estimated)",
    ]
    assert (ran.code, ran.err) == (0, "")


def test_one_model_is_counted_for_as_json(groundwire_command: Command) -> None:
    ran = groundwire_command("tokens", "count", "handbook.md", "--model", "claude", "--json")
    assert json.loads(ran.out) == {
        "file": "handbook.md",
        "model": "claude",
        "tokens": ESTIMATES["claude"].count(TEXT),
        "counter": "estimate:claude",
        "exact": False,
    }


def test_a_vocabulary_counts_exactly(groundwire_command: Command) -> None:
    pytest.importorskip("tokenizers")
    from tests.adapters.tokens.vocabularies import write_tokenizer

    write_tokenizer(Path("parcels-7b"))
    configured("{kind: tokenizer, file: parcels-7b}")
    ran = groundwire_command("tokens", "count", "handbook.md", "--model", "gpt")
    assert ran.out == "       13  handbook.md  gpt (tokenizer:parcels-7b)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("count", "none.md"), "none.md cannot be read: No such file or directory"),
        (("count", "binary"), "binary is not UTF-8 text: convert it first"),
        (("count", "handbook.md", "--model", "gtp"), "there is no model gtp; did you mean gpt?"),
        (("calibrate", "gpt"), "models.gpt: its provider has no endpoint that counts"),
        (("calibrate", "none"), "there is no model none; there are: claude, gpt"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: tuple[str, ...], said: str, groundwire_command: Command
) -> None:
    Path("binary").write_bytes(b"\xff\xfe\x00")
    ran = groundwire_command("tokens", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_vocabulary_that_is_missing_is_named(groundwire_command: Command) -> None:
    configured("{kind: tokenizer, file: missing}")
    for arguments in (("tokens", "count", "handbook.md"), ("config", "check")):
        ran = groundwire_command(*arguments)
        assert ran.code == 2
        assert "models.gpt.tokens" in ran.err
        assert "missing/tokenizer.json cannot be read: No such file or directory" in ran.err


def test_a_provider_that_does_not_answer_is_said(groundwire_command: Command) -> None:
    ran = groundwire_command("tokens", "calibrate", "claude")
    assert ran.code == 4
    assert "the provider did not count: the model could not be reached, or failed" in ran.err
