"""Rerankers in the configuration: what they name, where they may not stand, and what a server makes of them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.rerankers import open_reranker
from groundwire_server.app.parts.shared import Shared
from groundwire_server.app.serve import running
from groundwire_server.domain.reranking import RerankPolicy
from groundwire_server.ports.recording import unrecorded
from groundwire_server.ports.reranker import Reranker
from tests.app.configuration.reading import errors, loaded

RIGHT = """\
providers:
  house: {kind: openai, base_url: 'http://127.0.0.1:9/v1', residency: self_hosted}
  cloud: {kind: openai, base_url: 'http://127.0.0.1:9/v1'}
  other: {kind: anthropic, base_url: 'http://127.0.0.1:9'}
rerankers:
  fast: {kind: endpoint, provider: house, model: m}
  hosted: {kind: endpoint, provider: cloud, model: m, api: cohere}
models: {quoting: {kind: extractive}}
stores: {main: {folder: data}}
routes:
  default: {models: [quoting], store: main, rerank: {reranker: fast}}
"""
FAST = "{kind: endpoint, provider: house, model: m}"

CASES = {
    "no such reranker": (
        ("reranker: fast", "reranker: fats"),
        (
            "11: routes.default.rerank.reranker: there is no reranker of this name; did you mean fast? there "
            "are: fast, hosted"
        ),
    ),
    "no such provider": (
        (FAST, "{kind: endpoint, provider: hous, model: m}"),
        (
            "6: rerankers.fast.provider: there is no provider of this name; did you mean house? there are: "
            "cloud, house, other"
        ),
    ),
    "a provider of another kind": (
        (FAST, "{kind: endpoint, provider: other, model: m}"),
        "6: rerankers.fast.provider: is of the kind anthropic, and rerankers need one of the kind openai",
    ),
    "a hosted one on a route that bars it": (
        ("rerank: {reranker: fast}", "self_hosted_only: true, rerank: {reranker: hosted}"),
        "11: routes.default.rerank.reranker: is hosted, which self_hosted_only bars: name one that runs with you",
    ),
    "a hosted one that a tenant bars": (
        ("rerank: {reranker: fast}}", "rerank: {reranker: hosted}}\nself_hosted_only: [acme]"),
        (
            "11: routes.default.rerank.reranker: is hosted, which self_hosted_only bars for acme: name one that "
            "runs with you"
        ),
    ),
    "no such kind": (
        ("fast: {kind: endpoint", "fast: {kind: endpoints"),
        "6: rerankers.fast.kind: is not one of the words allowed; did you mean endpoint? there are: endpoint, onnx",
    ),
    "no such API": (
        (FAST, "{kind: endpoint, provider: house, model: m, api: coher}"),
        (
            "6: rerankers.fast.api: is not one of the words allowed; did you mean cohere? there are: cohere, "
            "jina, tei, vllm"
        ),
    ),
    "all of retrieval's time": (
        ("reranker: fast", "reranker: fast, share: 1"),
        "11: routes.default.rerank.share: must be at most 0.9",
    ),
    "too many candidates": (
        ("reranker: fast", "reranker: fast, candidates: 201"),
        "11: routes.default.rerank.candidates: must be at most 200",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_one_line(tmp_path: Path, case: str) -> None:
    (right, wrong), line = CASES[case]
    assert right in RIGHT
    assert errors(tmp_path, RIGHT.replace(right, wrong)) == [f"groundwire.yaml:{line}"]


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        RIGHT.replace("rerank: {reranker: fast}", "rerank: {reranker: hosted}"),
        RIGHT.replace("rerank: {reranker: fast}", "self_hosted_only: true, rerank: {reranker: fast}"),
        f"{RIGHT}self_hosted_only: [acme]\n",
    ],
)
def test_what_fits_is_taken(tmp_path: Path, text: str) -> None:
    assert errors(tmp_path, text) == []


def test_a_route_says_how_its_reranker_is_asked_and_has_none_unless_it_names_one(tmp_path: Path) -> None:
    text = RIGHT.replace(
        "reranker: fast", "reranker: fast, candidates: 40, share: 0.2, max_seconds: 3, min_rating: 0.1"
    )
    assert loaded(tmp_path, text).configuration.routes["default"].policy("default").rerank == RerankPolicy(
        40, 0.2, 3.0, 0.1
    )
    assert loaded(tmp_path, RIGHT).configuration.routes["default"].policy("default").rerank == RerankPolicy(
        30, 0.5, 1.0
    )
    assert loaded(tmp_path).configuration.routes["default"].policy("default").rerank is None


async def served(folder: Path, text: str) -> Any:
    file = folder / "groundwire.yaml"
    file.write_text(f"server: {{listen: 127.0.0.1:0}}\n{text}")
    sources = Sources(file, {})
    async with running(sources, load(sources)) as server:
        return server.reloader.current.snapshot.routes


async def test_a_server_gives_a_route_its_reranker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plain = ", rerank: {reranker: fast}"
    routes = await served(tmp_path, f"{RIGHT}  plain: {{models: [quoting], store: main}}\n")
    assert plain in RIGHT
    assert routes._routes["default"].ports.reranker.name == "fast"
    assert routes._routes["plain"].ports.reranker is None


async def opened(folder: Path, text: str, name: str = "fast") -> Reranker:
    lease = Shared().lease()
    try:
        return await open_reranker(name, loaded(folder, text).configuration, lease, unrecorded())
    finally:
        await lease.end()


SAME = {
    "limits": "bounds: {request_seconds: 3}",
    "retries": "retry: {max_attempts: 1}",
    "prices": "price: {input: 1, output: 1}",
    "the API that is the default": "api: vllm",
}
OTHER = {
    "another API": "api: jina",
    "another kind of scores": "scores: logits",
    "less of a text": "batch: {text_tokens: 100}",
}


@pytest.mark.parametrize("case", [*SAME, *OTHER])
async def test_the_fingerprint_is_of_what_decides(tmp_path: Path, case: str) -> None:
    more = {**SAME, **OTHER}[case]
    one = await opened(tmp_path, RIGHT)
    other = await opened(tmp_path, RIGHT.replace(FAST, f"{{kind: endpoint, provider: house, model: m, {more}}}"))
    assert (one.fingerprint == other.fingerprint) is (case in SAME)


async def test_models_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    one = await opened(tmp_path, RIGHT)
    other = await opened(tmp_path, RIGHT.replace(FAST, "{kind: endpoint, provider: house, model: n}"))
    assert one.fingerprint != other.fingerprint


@pytest.mark.local
async def test_a_model_in_a_folder_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    from tests.doubles.cross_encoder import write_cross_encoder

    def section(name: str, more: str = "") -> str:
        return RIGHT.replace(FAST, f"{{kind: onnx, folder: '{tmp_path / name}'{more}}}")

    for name, words in (("a", ["One."]), ("b", ["One."]), ("c", ["Two."])):
        write_cross_encoder(tmp_path / name, words)
    a, b, c, batch, tokens = [
        (await opened(tmp_path, text)).fingerprint
        for text in (
            section("a"),
            section("b"),
            section("c"),
            section("a", ", batch: 2, workers: 2"),
            section("a", ", max_tokens: 64"),
        )
    ]
    assert a == b == batch
    assert len({a, c, tokens}) == 3


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            RIGHT.replace(FAST, "{kind: onnx, folder: nowhere}"),
            [
                "nowhere holds no model.onnx that can be read",
                "nowhere holds no tokenizer.json that can be read",
            ],
        ),
        (
            RIGHT.replace("reranker: fast", "reranker: fast, calibration: nowhere.json"),
            ["nowhere.json cannot be read: No such file or directory: write one with `groundwire calibrate`"],
        ),
    ],
)
def test_what_is_missing_outside_keeps_a_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, messages: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidConfigurationError) as invalid:
        asyncio.run(served(tmp_path, text))
    assert [error.message for error in invalid.value.errors] == messages
