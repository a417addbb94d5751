"""The commented file that `groundwire config init` copies."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
import yaml
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from groundwire_server.adapters.providers.scheduling import SchedulingOptions
from groundwire_server.adapters.store.weaviate.options import SearchOptions
from groundwire_server.adapters.tokens.options import TiktokenOptions, TokenizerOptions
from groundwire_server.adapters.wakeups.options import (
    MemoryWakeupsOptions,
    RabbitMQWakeupsOptions,
    RedisWakeupsOptions,
)
from groundwire_server.app.configuration import schema_walk
from groundwire_server.app.configuration.errors import Path as Place
from groundwire_server.app.configuration.load import TEMPLATE
from groundwire_server.app.configuration.models.checkers import (
    ClassifierCheckerConfig,
    DecisionsCheckerConfig,
    JudgeCheckerConfig,
    OnnxCheckerConfig,
)
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import AnthropicModelConfig, OpenAiModelConfig
from groundwire_server.app.configuration.models.providers import AnthropicProviderConfig, OpenAiProviderConfig
from groundwire_server.app.configuration.models.remote_guards import (
    ClassifierGuardConfig,
    GrpcGuardConfig,
    HttpGuardConfig,
)
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.app.configuration.models.telemetry import OtlpBatchConfig, OtlpConfig, OtlpMetricsConfig
from groundwire_server.app.configuration.yaml_file import parse
from groundwire_server.options import Options
from tests.app.configuration.reading import loaded
from tests.app.configuration.sections import sections_of

TEXT = TEMPLATE.read_text("utf-8")
FREE = re.sub(r"^( *)#(?! \S)", r"\1", TEXT, flags=re.MULTILINE)
"""The file without the `#` before keys; a comment has a space behind its own."""


@dataclass(frozen=True)
class Shown:
    """A key of the file.

    Attributes:
        section: the class that has it.
        value: beside it.
        comment: above it.
    """

    section: type[Options]
    name: str
    value: Any
    comment: str

    @property
    def field(self) -> FieldInfo:
        return self.section.model_fields[self.name]


def shown() -> list[Shown]:
    file = parse(FREE, "template.yaml")
    lines = FREE.splitlines()

    def walk(annotation: Any, value: Any, path: Place) -> Iterator[Shown]:
        if isinstance(value, list):
            for index, each in enumerate(value):
                yield from walk(next(schema_walk.below(annotation, index), Any), each, (*path, index))
        if not isinstance(value, dict):
            return
        section = of_kind(annotation, value.get(schema_walk.KIND))
        for key, inner in value.items():
            if section is not None:
                line = file.lines[*path, key]
                # Within `{…}` a key has no line of its own.
                inline = line == file.lines.get(path) and isinstance(path[-1], str)
                yield Shown(section, key, inner, "" if inline else above(lines, line))
            within = annotation if section is None else section
            yield from walk(next(schema_walk.below(within, key), Any), inner, (*path, key))

    return list(walk(Configuration, file.values, ()))


def of_kind(annotation: Any, kind: object) -> type[Options] | None:
    """The section of an annotation; of several the one of this kind."""
    found = schema_walk.sections(annotation)
    section = next((each for each in found if kind in schema_walk.kinds(each)), found[0] if found else None)
    assert section is None or issubclass(section, Options)
    return section


def above(lines: list[str], number: int) -> str:
    """The comment above a line, as one line."""
    found: list[str] = []
    while remark := re.fullmatch(r" *# (.+)", lines[number - 2 - len(found)]):
        found.append(remark[1])
    return " ".join(reversed(found))


SHOWN = shown()

SAME_AS: dict[type[Options], type[Options]] = {
    AnthropicProviderConfig: OpenAiProviderConfig,
    AnthropicModelConfig: OpenAiModelConfig,
    JudgeCheckerConfig: DecisionsCheckerConfig,
    ClassifierCheckerConfig: DecisionsCheckerConfig,
    OnnxCheckerConfig: ClassifierCheckerConfig,
    HttpGuardConfig: ClassifierGuardConfig,
    GrpcGuardConfig: HttpGuardConfig,
    MemoryWakeupsOptions: RabbitMQWakeupsOptions,
    RedisWakeupsOptions: RabbitMQWakeupsOptions,
    OtlpBatchConfig: OtlpConfig,
    OtlpMetricsConfig: OtlpConfig,
    TokenizerOptions: TiktokenOptions,
}
"""Sections whose keys are left out where the other has them with the same meaning: the file says so above them."""


def test_it_means_the_defaults(tmp_path: Path) -> None:
    assert loaded(tmp_path, TEXT).configuration == loaded(tmp_path).configuration


def test_it_is_right_with_every_line_set_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OTLP_TOKEN",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "GUARD_AUTHORIZATION",
        "HELICONE_AUTH",
        "SUBJECT_KEY",
        "WEAVIATE_API_KEY",
        "PINECONE_API_KEY",
        "PROVIDER_KEY",
        "DATABASE_PASSWORD",
        "RABBITMQ_PASSWORD",
    ):
        monkeypatch.setenv(name, "name=s3cr3t" if name.startswith("OTEL") else "s3cr3t")
    monkeypatch.setenv("REGION", "eu")
    monkeypatch.setenv("RECORDS_KEY", base64.b64encode(bytes(32)).decode())
    for name in ("ACME_WEBHOOK_SECRET", "TICKETS_WEBHOOK_SECRET", "TICKETS_CALLBACK_SECRET"):
        monkeypatch.setenv(name, f"whsec_{base64.b64encode(bytes(32)).decode()}")
    values = yaml.safe_load(FREE)
    # The embedded store of this route searches in one way.
    assert set(values["routes"]["default"].pop("search")) == set(SearchOptions.model_fields)
    # A version is named beside it.
    assert values["routes"]["default"]["prompt"].pop("label")
    # This provider is hosted: it is told nothing.
    assert set(values["providers"]["openai"].pop("scheduling")) == set(SchedulingOptions.model_fields)
    found = loaded(tmp_path, yaml.safe_dump(values)).configuration
    assert isinstance(found.stores["weaviate"], WeaviateStoreConfig)
    assert found.telemetry.otlp.headers["authorization"].reveal() == "s3cr3t"
    assert found.authentication.tokens[0].roles == {"platform-admins": "admin"}


def test_every_key_is_in_it_or_left_out_on_purpose() -> None:
    every = {(section, name) for section in sections_of(Configuration) for name in section.model_fields}
    missing = every - {(each.section, each.name) for each in SHOWN}
    for section, name in missing:
        assert section in SAME_AS, f"{section.__name__}.{name}"
        assert name in SAME_AS[section].model_fields


def test_the_comment_of_a_key_begins_with_its_description() -> None:
    for name, description in {(each.name, each.field.description) for each in SHOWN}:
        comments = [each.comment for each in SHOWN if each.name == name]
        assert description
        assert any(comment.startswith(description) for comment in comments), f"{name}: {description}"


def test_no_comment_says_anything_else() -> None:
    for each in SHOWN:
        about = (each.field.description or "", "Keys that are not shown are those of the kind")
        assert not each.comment or each.comment.startswith(about), f"{each.name}: {each.comment}"


def test_a_key_shows_its_default_or_an_example() -> None:
    checked = 0
    for each in SHOWN:
        default = each.field.get_default(call_default_factory=True, validated_data={})
        if (
            each.field.examples
            or each.field.is_required()
            or default in (None, ())
            or isinstance(default, Options | dict)
        ):
            continue
        checked += 1
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[each.field.annotation, each.field])  # type: ignore[arg-type]
        assert adapter.validate_json(json.dumps(each.value)) == default, each.name
    assert checked > 50


def test_words_to_choose_from_are_named() -> None:
    chosen = 0
    for each in SHOWN:
        for allowed in schema_walk.alternatives(each.field.annotation):
            words = get_args(allowed) if get_origin(allowed) is Literal else ()
            if len(words) > 1:
                chosen += 1
                assert all(word in each.comment for word in words), f"{each.name}: {words}"
    assert chosen > 4


def test_no_line_is_too_long_to_read() -> None:
    assert max(map(len, TEXT.splitlines())) <= 102


def test_it_is_yaml_to_others_too() -> None:
    assert yaml.safe_load(TEXT)["stores"] == {
        "main": {"kind": "embedded", "folder": "groundwire-data", "embedder": "local"}
    }
