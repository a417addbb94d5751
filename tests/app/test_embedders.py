"""Embedders of providers in the configuration."""

from pathlib import Path

import pytest

from tests.app.configuration.reading import loaded, problems

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
        "5: embedders.bge.kind: is not one of the words allowed; did you mean openai? there are: minilm, openai",
    ),
}


def test_it_names_a_provider_and_a_model(tmp_path: Path) -> None:
    found = loaded(tmp_path, RIGHT).configuration.embedders["bge"]
    assert found.kind == "openai"
    assert (found.provider, found.model, found.dimensions) == ("house", "bge-m3", 1024)


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_line(tmp_path: Path, case: str) -> None:
    (old, new), line = WRONG[case]
    assert old in RIGHT
    (said,) = problems(tmp_path, RIGHT.replace(old, new))
    assert said.endswith(line)
