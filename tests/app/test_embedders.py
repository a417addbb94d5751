"""Embedders of providers in the configuration."""

from pathlib import Path

import pytest

from tests.app.configuration.reading import errors, loaded

RIGHT = """\
providers:
  house: {kind: openai, base_url: 'http://127.0.0.1:9/v1', residency: self_hosted}
  cloud: {kind: anthropic, base_url: 'http://127.0.0.1:9'}
embedders:
  bge: {kind: openai, provider: house, model: bge-m3, dimensions: 1024}
stores: {main: {embedder: bge}}
"""

WRONG = {
    "no provider": (
        ("provider: house", "provider: hous"),
        "5: embedders.bge.provider: there is no provider of this name; did you mean house? there are: cloud, house",
    ),
    "a provider of another kind": (
        ("provider: house", "provider: cloud"),
        "5: embedders.bge.provider: is of the kind anthropic, and the embedder of the kind openai",
    ),
    "no length": ((", dimensions: 1024", ""), "5: embedders.bge.dimensions: is missing"),
    "a length of nothing": (("1024", "0"), "5: embedders.bge.dimensions: must be at least 1"),
    "no such form": (
        ("1024", "1024, encoding: binary"),
        "5: embedders.bge.encoding: is not one of the words allowed; there are: base64, float",
    ),
    "a batch of nothing": (("1024", "1024, batch: {texts: 0}"), "5: embedders.bge.batch.texts: must be at least 1"),
    "no such kind": (
        ("kind: openai, provider: house, model", "kind: opnai, provider: house, model"),
        "is not one of the words allowed; did you mean openai? there are: minilm, openai, weaviate",
    ),
}


def test_it_names_a_provider_and_a_model(tmp_path: Path) -> None:
    found = loaded(tmp_path, RIGHT).configuration.embedders["bge"]
    assert found.kind == "openai"
    assert (found.provider, found.model, found.dimensions) == ("house", "bge-m3", 1024)


INSIDE = """\
embedders:
  inside: {kind: weaviate, module: text2vec-ollama}
stores:
  main: {kind: weaviate, http: 'a:1', grpc: 'a:2', embedder: inside}
"""

WRONG_INSIDE = {
    "a store in a file": (
        ("kind: weaviate, http: 'a:1', grpc: 'a:2', ", ""),
        "4: stores.main.embedder: is a module of Weaviate, which serves only stores in Weaviate: name another",
    ),
    "a key that has no place": (
        ("text2vec-ollama", "text2vec-ollama, key: 'env://INSIDE_KEY'"),
        "2: embedders.inside.key_header: must say which header the key of text2vec-ollama goes in",
    ),
    "a setting that is ours": (
        ("text2vec-ollama", "text2vec-ollama, settings: {properties: [x]}"),
        "2: embedders.inside.settings: properties is set by the server: leave it out",
    ),
    "no module": (
        ("text2vec-ollama", "openai"),
        "2: embedders.inside.module: must be a text that matches ^text2vec-[a-z0-9]+$",
    ),
    "a hosted one where that is barred": (
        ("stores:", "self_hosted_only: [acme]\nstores:"),
        "5: stores.main.embedder: is hosted, which self_hosted_only bars for acme: name one that runs with you",
    ),
}


@pytest.mark.parametrize("case", WRONG_INSIDE)
def test_what_is_wrong_with_a_module_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    monkeypatch.setenv("INSIDE_KEY", "sk-SECRET")
    (old, new), line = WRONG_INSIDE[case]
    assert old in INSIDE
    (said,) = errors(tmp_path, INSIDE.replace(old, new))
    assert said.endswith(line)
    assert "SECRET" not in said


def test_a_module_that_runs_with_you_is_not_barred(tmp_path: Path) -> None:
    own = INSIDE.replace("text2vec-ollama", "text2vec-ollama, residency: self_hosted")
    assert loaded(tmp_path, own + "self_hosted_only: [acme]\n").configuration.self_hosted_only == ("acme",)


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_line(tmp_path: Path, case: str) -> None:
    (old, new), line = WRONG[case]
    assert old in RIGHT
    (said,) = errors(tmp_path, RIGHT.replace(old, new))
    assert said.endswith(line)
