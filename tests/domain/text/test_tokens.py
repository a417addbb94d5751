"""How much a text is to a model of whose vocabulary nothing but its family is known."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from groundwire_server.domain.text.scripts import scripts_in
from groundwire_server.domain.text.tokens import (
    COMMON,
    ESTIMATE,
    ESTIMATES,
    SCRIPTS,
    estimate_tokens,
    family_of,
)

HELD_OUT: Mapping[str, Mapping[str, object]] = json.loads(
    Path(__file__).with_name("token_counts.json").read_text(encoding="utf-8")
)
"""Texts that no rate was fitted on, in nine scripts, with the counts of the true tokenizers."""

WITHIN = 0.15


def texts() -> list[tuple[str, str, str, int]]:
    return [
        (language, str(each["text"]), family, int(count))
        for language, each in HELD_OUT.items()
        for family, count in json.loads(json.dumps(each["tokens"])).items()
    ]


@pytest.mark.parametrize(
    ("text", "family", "true"),
    [(text, family, true) for _, text, family, true in texts()],
    ids=[f"{language}-{family}" for language, _, family, _ in texts()],
)
def test_an_estimate_is_near_the_true_count(text: str, family: str, true: int) -> None:
    assert ESTIMATES[family].count(text) == pytest.approx(true, rel=WITHIN)


def test_every_family_is_held_to_its_tokenizer() -> None:
    assert {family for _, _, family, _ in texts()} == ESTIMATES.keys() - {COMMON}


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-5-mini", "o200k"),
        ("gpt-4o-2024-08-06", "o200k"),
        ("gpt-4-turbo", "cl100k"),
        ("gpt-4.1", "o200k"),
        ("o3", "o200k"),
        ("claude-sonnet-4-5", "claude"),
        ("anthropic/claude-haiku-4-5", "claude"),
        ("Qwen/Qwen3-8B", "qwen"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3"),
        ("google/gemma-3-27b-it", "gemma"),
        ("gemini-3-pro", "gemma"),
        ("deepseek-chat", "deepseek"),
        ("mistral-large", COMMON),
        ("", COMMON),
    ],
)
def test_the_name_of_a_model_tells_its_family(model: str, family: str) -> None:
    assert family_of(model) == family


def test_nothing_has_no_tokens_and_anything_has_some() -> None:
    assert estimate_tokens("") == 0
    for text in ("a", "é", "д", "中", "📮", "\n", ".", "0", "\ud800", "ა"):
        assert estimate_tokens(text) >= 1


@pytest.mark.parametrize("text", ["x" * 4000, "1234567890" * 400, "{}[]();" * 400, "📮" * 400])
def test_what_is_no_sentence_is_counted_as_well(text: str) -> None:
    assert len(text) / 10 < estimate_tokens(text) < 3 * len(text)


def test_a_longer_text_has_no_fewer_tokens() -> None:
    text = str(HELD_OUT["russian"]["text"]) + "\n\n" + str(HELD_OUT["thai"]["text"])
    counts = [estimate_tokens(text[:end]) for end in range(0, len(text), 7)]
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("language", "script"),
    [("german", "latin"), ("english", "latin"), ("russian", "cyrillic"), ("thai", "thai"), ("hindi", "devanagari")],
)
def test_a_calibration_multiplies_the_tokens_of_its_script(language: str, script: str) -> None:
    text = str(HELD_OUT[language]["text"])
    calibrated = ESTIMATE.calibrated({script: 2.0})
    assert 1.7 < calibrated.count(text) / ESTIMATE.count(text) <= 2.05
    others = ESTIMATE.calibrated(dict.fromkeys(set(SCRIPTS) - {script}, 2.0))
    assert others.count(text) == ESTIMATE.count(text)
    assert (ESTIMATE.name, calibrated.name) == ("estimate:common", "estimate:common, calibrated")
    assert ESTIMATE.calibrated({}).name == ESTIMATE.name


@pytest.mark.parametrize(
    ("function_words", "counted"),
    [("the the", 1), ("the the the", 2), ("the of", 2), ("of the of", 3), ("Of,the THAT", 1), ("the\nthe", 0)],
)
def test_function_words_tell_how_much_of_a_text_is_english(function_words: str, counted: int) -> None:
    text = f"eins {function_words} " + " ".join(["wort"] * (24 - len(re.findall(r"\w+", function_words))))
    share = max(0.0, counted / 25 - 0.04) / 0.10
    assert scripts_in(text)["english_words"] == pytest.approx(share * 25)
