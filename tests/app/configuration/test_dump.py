"""What is in force, as `groundwire config show` prints it."""

from pathlib import Path

import pytest

from groundwire_server.app.configuration import dump
from tests.app.configuration.reading import loaded

TEXT = """\
server: {listen: "127.0.0.1:1"}
telemetry: {otlp: {headers: {authorization: env://TOKEN}}}
routes:
  faq:
    models: [extractive]
    store: main
    thresholds: {min_support: 0.25, allowed_confidence: [HIGH, LOW]}
    fallbacks: {MODEL_TIMEOUT: [ABSTAIN]}
"""


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t")


def test_each_value_is_shown_with_its_origin(tmp_path: Path) -> None:
    variables = {"GROUNDWIRE_SERVER__DRAIN": "{grace_seconds: 3}", "GROUNDWIRE_STORES__MAIN__FOLDER": "no"}
    found = dump.as_mapping(loaded(tmp_path, TEXT, variables))
    file = f"{tmp_path}/groundwire.yaml"
    expected = {
        "server.listen": ("127.0.0.1:1", f"{file}:1"),
        "server.write_seconds": (10.0, "built in"),
        "server.drain.grace_seconds": (3.0, "GROUNDWIRE_SERVER__DRAIN"),
        "server.drain.notice_seconds": (0.0, "built in"),
        "telemetry.otlp.headers.authorization": ("env://TOKEN", f"{file}:2"),
        "stores.main.folder": ("no", "GROUNDWIRE_STORES__MAIN__FOLDER"),
        "stores.main.kind": ("embedded", "built in"),
        "routes.faq.models": (["extractive"], f"{file}:5"),
        "routes.faq.thresholds.allowed_confidence": (["HIGH", "LOW"], f"{file}:7"),
        "routes.faq.fallbacks.MODEL_TIMEOUT": (["ABSTAIN"], f"{file}:8"),
        "routes.faq.fallbacks.NO_EVIDENCE": (["ABSTAIN"], "built in"),
    }
    assert {path: (found[path]["value"], found[path]["origin"]) for path in expected} == expected


@pytest.mark.parametrize("text", ["", TEXT, "tenants: ['null', 'true', '12']\n", "stores: {main: {folder: '2024'}}\n"])
def test_what_is_shown_is_a_file_of_the_same_effect(tmp_path: Path, text: str) -> None:
    first = loaded(tmp_path, text)
    assert loaded(tmp_path, dump.as_yaml(first)).configuration == first.configuration


def test_a_section_without_values_is_shown(tmp_path: Path) -> None:
    lines = dump.as_yaml(loaded(tmp_path)).splitlines()
    assert [line.split() for line in lines if line.startswith("    headers:")] == [
        ["headers:", "{}", "#", "built", "in"]
    ]


def test_no_line_ends_in_spaces_and_the_origins_stand_in_one_column(tmp_path: Path) -> None:
    lines = dump.as_yaml(loaded(tmp_path)).splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    origins = [(line.partition("  # ")[0].rstrip(), line.find("# built in")) for line in lines if "#" in line]
    # A line that is longer than most pushes its own aside.
    assert len({column for text, column in origins if len(text) <= 60}) == 1
