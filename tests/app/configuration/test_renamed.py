"""Old keys and words: one line each, with the new name."""

from enum import StrEnum
from pathlib import Path

import pytest

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.app.configuration import schema_walk
from groundwire_server.app.configuration.models.configuration import Configuration, SpendingConfig
from groundwire_server.app.configuration.models.embedders import MiniLmConfig, OpenAiEmbedderConfig
from groundwire_server.app.configuration.models.providers import OpenAiProviderConfig
from groundwire_server.app.configuration.models.routes import LimitsConfig, ThresholdsConfig, TimeConfig
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.app.configuration.renamed import RENAMED, RENAMED_WORDS
from groundwire_server.edge.options import DrainOptions, ServerOptions
from groundwire_server.options import Options
from tests.app.configuration.reading import errors, loaded, value_at

ROUTE = "routes: {{default: {{models: [extractive], store: main, {}: {{\n  KEY: 1}}}}}}\n"
STORE = "corpus: main\nstores: {main: {}, other: {kind: weaviate, http: 'a:1', grpc: 'a:2',\n  KEY: 1}}\n"

PROVIDER = "providers: {it: {kind: openai, base_url: 'http://127.0.0.1:9',\n  KEY: 1}}\n"
MODEL = (
    "providers: {{it: {{kind: openai, base_url: 'http://127.0.0.1:9'}}}}\n"
    "models: {{extractive: {{}}, it: {{kind: openai, provider: it, model: x, {}: {{\n  KEY: 1}}}}}}\n"
)
EMBEDDER = (
    "providers: {it: {kind: openai, base_url: 'http://127.0.0.1:9'}}\n"
    "embedders: {local: {}, bge: {kind: openai, provider: it, model: x, dimensions: 2,\n  KEY: 1}}\n"
)

FILES: dict[type[Options], tuple[str, str]] = {
    ServerOptions: ("server", "server: {\n  KEY: 1}\n"),
    DrainOptions: ("server.drain", "server: {drain: {\n  KEY: 1}}\n"),
    WeaviateStoreConfig: ("stores.other", STORE),
    LimitsConfig: ("routes.default.limits", ROUTE.format("limits")),
    ThresholdsConfig: ("routes.default.thresholds", ROUTE.format("thresholds")),
    TimeConfig: ("routes.default.time", ROUTE.format("time")),
    SpendingConfig: ("spending", "spending: {\n  KEY: 1}\n"),
    Endpoint: ("providers.it", PROVIDER),
    OpenAiProviderConfig: ("providers.it", PROVIDER),
    ConcurrencyOptions: ("concurrency", "concurrency: {\n  KEY: 1}\n"),
    RetryOptions: ("models.it.retry", MODEL.format("retry")),
    CircuitOptions: ("models.it.breaker", MODEL.format("breaker")),
    MiniLmConfig: ("embedders.local", "embedders: {local: {\n  KEY: 1}}\n"),
    OpenAiEmbedderConfig: ("embedders.bge", EMBEDDER),
    TelemetryConfig: ("telemetry", "telemetry: {\n  KEY: 1}\n"),
}
"""A path to each section with renamed keys, and a file that is right but for a KEY in it."""

ROWS = [(section, old, new) for section, rows in RENAMED.items() for old, new in rows.items()]


@pytest.mark.parametrize(("section", "old", "new"), ROWS, ids=[f"{each[0].__name__}-{each[1]}" for each in ROWS])
def test_an_old_key_is_one_line_with_the_new_name(tmp_path: Path, section: type[Options], old: str, new: str) -> None:
    path, text = FILES[section]
    line = text[: text.index("KEY")].count("\n") + 1
    assert errors(tmp_path, text.replace("KEY", old)) == [f"groundwire.yaml:{line}: {path}.{old}: was renamed to {new}"]


@pytest.mark.parametrize(("section", "old", "new"), ROWS, ids=[f"{each[0].__name__}-{each[1]}" for each in ROWS])
def test_a_new_name_is_a_key_and_an_old_one_is_not(section: type[Options], old: str, new: str) -> None:
    above = Configuration if "*" in new else section
    assert schema_walk.at(above, tuple(new.replace("*", "default").split(".")))
    assert old not in section.model_fields


def test_an_old_key_in_a_variable_is_one_line_too(tmp_path: Path) -> None:
    name = "GROUNDWIRE_ROUTES__DEFAULT__TIME__BEGIN_SHARE"
    assert errors(tmp_path, environment={name: "0.4"}) == [
        f"{name}: routes.default.time.begin_share: was renamed to first_token_share"
    ]


def test_every_old_key_of_a_file_is_a_line_of_its_own(tmp_path: Path) -> None:
    text = """\
server:
  concurrent_calls: 10
  drain: {notice: 1, grace: 2}
routes:
  default:
    models: [extractive]
    store: main
    limits: {question: 100}
spending:
  daily: 5
"""
    assert errors(tmp_path, text) == [
        "groundwire.yaml:2: server.concurrent_calls: was renamed to max_concurrent_calls",
        "groundwire.yaml:3: server.drain.notice: was renamed to notice_seconds",
        "groundwire.yaml:3: server.drain.grace: was renamed to grace_seconds",
        "groundwire.yaml:8: routes.default.limits.question: was renamed to question_chars",
        "groundwire.yaml:10: spending.daily: was renamed to limits.*.cost_per_day",
    ]


def test_a_key_that_is_old_in_one_section_is_valid_in_another(tmp_path: Path) -> None:
    text = MODEL.format("retry").replace("KEY: 1", "share: 0.4")
    assert value_at(loaded(tmp_path, text), "models.it.retry.share") == 0.4
    assert errors(tmp_path, text.replace("retry", "breaker")) == [
        "groundwire.yaml:3: models.it.breaker.share: was renamed to failure_ratio"
    ]


MODE = "routes: {{default: {{models: [extractive], store: main,\n  mode: {}}}}}\n"


def test_an_old_word_is_one_line_with_the_new_one(tmp_path: Path) -> None:
    name = "GROUNDWIRE_ROUTES__DEFAULT__MODE"
    assert errors(tmp_path, MODE.format("VERIFIED")) == [
        "groundwire.yaml:2: routes.default.mode: VERIFIED was renamed to CHECKED"
    ]
    assert errors(tmp_path, environment={name: "VERIFIED"}) == [
        f"{name}: routes.default.mode: VERIFIED was renamed to CHECKED"
    ]
    assert "did you mean CHECKED" in errors(tmp_path, MODE.format("CHEKED"))[0]
    assert "CHECKED, PROVISIONAL" in errors(tmp_path, MODE.format("[VERIFIED]"))[0]


@pytest.mark.parametrize("words", RENAMED_WORDS)
def test_a_new_word_is_in_its_enum_and_an_old_one_is_not(words: type[StrEnum]) -> None:
    assert {each.value for each in words} >= set(RENAMED_WORDS[words].values())
    assert {each.value for each in words}.isdisjoint(RENAMED_WORDS[words])
