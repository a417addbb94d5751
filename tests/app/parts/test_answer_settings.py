"""Whatever section a route's answers are made with, directly or through others, decides whether they hold."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from groundwire_server.app.parts.answer_settings import answer_settings
from groundwire_server.domain.vocabulary import CacheKey
from tests.app.configuration.reading import loaded

MODELS, GUARDS, CHECKER, POLICY = CacheKey.MODELS, CacheKey.GUARDS, CacheKey.CHECKER, CacheKey.POLICY

SECTIONS = """
providers:
  writing: {kind: openai, base_url: "http://127.0.0.1:1/v1", mask: [codenames]}
  rewriting: {kind: openai, base_url: "http://127.0.0.1:2/v1"}
  judging: {kind: openai, base_url: "http://127.0.0.1:3/v1"}
  rating: {kind: openai, base_url: "http://127.0.0.1:4/v1"}
  guarding: {kind: openai, base_url: "http://127.0.0.1:5/v1"}
  embedding: {kind: openai, base_url: "http://127.0.0.1:6/v1"}
  unused: {kind: openai, base_url: "http://127.0.0.1:7/v1"}
models:
  writer: {kind: openai, provider: writing, model: w}
  rewriter: {kind: openai, provider: rewriting, model: r}
  judge: {kind: openai, provider: judging, model: j, temperature: 0}
  unused: {kind: openai, provider: unused, model: u}
checkers: {sure: {kind: judge, model: judge}}
rerankers: {best: {kind: endpoint, provider: rating, model: b}}
guards:
  codenames: {kind: terms, version: "1", category: codename, terms: [Zebulon]}
  toxic:
    {kind: classifier, version: "1", provider: guarding, model: t, labels: {T: {category: toxic, min_score: 0.5}}}
embedders: {vectors: {kind: openai, provider: embedding, model: e, dimensions: 8}}
stores: {main: {kind: embedded, embedder: vectors}}
routes:
  default:
    models: [writer]
    store: main
    checker: sure
    rewrite: {model: rewriter}
    rerank: {reranker: best}
    screens: {answer: {use: [{guard: toxic}]}}
"""


def settings(folder: Path, text: str) -> Mapping[CacheKey, str]:
    return answer_settings(loaded(folder, text).configuration)["default"]


CHANGES: dict[str, tuple[str, str, set[CacheKey]]] = {
    "what a model is called where it runs": ("model: w}", "model: v}", {MODELS}),
    "where a model runs": (":1/v1", ":9/v1", {MODELS}),
    "what a model is not sent": ("Zebulon", "Zanzibar", {MODELS}),
    "where the questions are rewritten": (":2/v1", ":9/v1", {MODELS}),
    "the model of a checker": ("temperature: 0", "temperature: 1", {CHECKER}),
    "where the model of a checker runs": (":3/v1", ":9/v1", {CHECKER}),
    "where passages are rated": (":4/v1", ":9/v1", {MODELS}),
    "where a guard runs": (":5/v1", ":9/v1", {GUARDS}),
    "where questions are embedded": (":6/v1", ":9/v1", {POLICY}),
    "what no answer is made with": (":7/v1", ":9/v1", set()),
}


@pytest.mark.parametrize(("before", "after", "changed"), CHANGES.values(), ids=CHANGES)
def test_a_change_counts_where_an_answer_is_made_with_it(
    tmp_path: Path, before: str, after: str, changed: set[CacheKey]
) -> None:
    assert SECTIONS.count(before) == 1
    one, other = settings(tmp_path, SECTIONS), settings(tmp_path, SECTIONS.replace(before, after))
    assert {part for part in one if one[part] != other[part]} == changed
