"""The file that `groundwire config init` writes."""

import re
from pathlib import Path

import pytest
import yaml

from groundwire_server.app.configuration import shape
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.search import Search
from groundwire_server.app.configuration.models.stores import WeaviateStore
from groundwire_server.app.configuration.starting import starting_file
from groundwire_server.options import Options
from tests.app.configuration.reading import loaded


def set_free(text: str) -> str:
    """The file without the `#` before keys; a remark has a space behind its own."""
    return re.sub(r"^( *)#(?! \S)", r"\1", text, flags=re.MULTILINE)


def keys(model: type[Options]) -> set[tuple[type[Options], str]]:
    found = {(model, name) for name in model.model_fields}
    for field in model.model_fields.values():
        inner = [field.annotation, *shape.below(field.annotation, 0)]
        for section in (each for annotation in inner for each in shape.sections(annotation)):
            assert issubclass(section, Options)
            found |= keys(section)
    return found


def test_it_means_what_is_built_in(tmp_path: Path) -> None:
    assert loaded(tmp_path, starting_file()).configuration == loaded(tmp_path).configuration


def test_it_is_right_with_every_line_set_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTLP_TOKEN", "s3cr3t")
    monkeypatch.setenv("WEAVIATE_API_KEY", "s3cr3t")
    monkeypatch.setenv("PROVIDER_KEY", "s3cr3t")
    values = yaml.safe_load(set_free(starting_file()))
    # The embedded store of this route searches in one way.
    assert set(values["routes"]["default"].pop("search")) == set(Search.model_fields)
    found = loaded(tmp_path, yaml.safe_dump(values)).configuration
    assert isinstance(found.stores["weaviate"], WeaviateStore)
    assert found.server.tls is not None
    assert found.authentication.api_keys is not None
    assert found.authentication.certificates is not None
    assert found.authentication.tokens[0].roles == {"platform-admins": "admin"}
    assert found.tenants == ("acme", "demo")
    assert found.telemetry.otlp_headers["authorization"].reveal() == "s3cr3t"
    assert found.routes == loaded(tmp_path).configuration.routes | {
        "default": loaded(tmp_path)
        .configuration.routes["default"]
        .model_copy(update={"prompt": found.routes["default"].prompt, "thresholds": found.routes["default"].thresholds})
    }


def test_every_key_is_in_it_behind_what_it_means() -> None:
    lines = set_free(starting_file()).splitlines()
    told = set()
    remark = ""
    for line in lines:
        if key := re.fullmatch(r"[ -]*(\w+):.*", line):
            told.add((key[1], remark))
            remark = ""
        elif found := re.fullmatch(r" *# (.+)", line):
            remark = f"{remark} {found[1]}".strip()
        else:
            remark = ""
    missing = [
        (model.__name__, name)
        for model, name in keys(Configuration)
        if not any(key == name and text.startswith(model.model_fields[name].description or "?") for key, text in told)
    ]
    assert missing == []


def test_no_line_is_too_long_to_read() -> None:
    assert max(map(len, starting_file().splitlines())) <= 102


def test_words_to_choose_from_are_named() -> None:
    assert "# The least severe log line written. One of DEBUG, INFO, WARNING, ERROR.\n  #log_level: INFO\n" in (
        starting_file()
    )


def test_it_is_yaml_to_others_too() -> None:
    assert yaml.safe_load(starting_file())["stores"] == {
        "main": {"kind": "embedded", "folder": "groundwire-data", "embedder": "local"}
    }
