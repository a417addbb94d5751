"""Secrets: where they are is written down, what they are is not."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire_server.app.configuration import dump
from groundwire_server.app.configuration.load import Loaded
from groundwire_server.options.secret import Secret
from tests.app.configuration.reading import errors, loaded

SECRET = "Bearer s3cr3t"
NOT_THERE = "the variable NOWHERE is not set: set it where the server is started"
NO_REFERENCE = "must be a reference, env://NAME or file:///PATH, and not the secret itself"


def header(reference: object) -> str:
    return f"telemetry:\n  otlp:\n    headers: {{authorization: {reference}}}\n"


def revealed(configuration: Loaded) -> str:
    return configuration.configuration.telemetry.otlp.headers["authorization"].reveal()


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOWHERE", raising=False)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_a_file_holds_the_secret_with_or_without_a_last_line_end(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(f"{SECRET}{ending}".encode())
    assert revealed(loaded(tmp_path, header(f"file://{path}"))) == SECRET


def test_a_variable_holds_the_secret(tmp_path: Path) -> None:
    assert revealed(loaded(tmp_path, header("env://TOKEN"))) == SECRET


def test_a_variable_may_say_where_the_secret_is(tmp_path: Path) -> None:
    name = "GROUNDWIRE_TELEMETRY__OTLP__HEADERS__AUTHORIZATION"
    assert revealed(loaded(tmp_path, environment={name: "env://TOKEN"})) == SECRET
    assert errors(tmp_path, environment={name: SECRET}) == [
        f"{name}: telemetry.otlp.headers.authorization: {NO_REFERENCE}"
    ]


def test_a_secret_is_printed_by_nothing(tmp_path: Path) -> None:
    read = loaded(tmp_path, header("env://TOKEN"))
    secret = read.configuration.telemetry.otlp.headers["authorization"]
    printed = [
        repr(secret),
        f"{secret}",
        repr(read),
        str(read.configuration),
        repr(read.configuration.telemetry),
        read.configuration.model_dump_json(),
        str(read.configuration.model_dump()),
        dump.as_yaml(read),
        json.dumps(dump.as_mapping(read)),
    ]
    assert not [text for text in printed if "s3cr3t" in text]
    assert all("env://TOKEN" in text for text in printed)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("s3cr3t", NO_REFERENCE),
        ("https://s3cr3t", NO_REFERENCE),
        ("env://", NO_REFERENCE),
        ("file://", NO_REFERENCE),
        ("5315", "must be a text: put it in quotes"),
        ("{a: s3cr3t}", "must be a text: put it in quotes"),
        ("env://NOWHERE", NOT_THERE),
        ("env://EMPTY", "the variable EMPTY is not set: set it where the server is started"),
        ("file:///none", "/none cannot be read: No such file or directory"),
        ("file:///", "/ is a folder: name the file in it"),
    ],
)
def test_a_reference_that_does_not_resolve_is_one_line(tmp_path: Path, reference: str, message: str) -> None:
    assert errors(tmp_path, header(reference)) == [
        f"groundwire.yaml:3: telemetry.otlp.headers.authorization: {message}"
    ]


def _latin_1(path: Path) -> None:
    path.write_bytes(b"s3cr3t caf\xe9")


def _empty(path: Path) -> None:
    path.write_bytes(b"\n")


def _large(path: Path) -> None:
    path.write_bytes(b"s3cr3t" * 20_000)


def _loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("put", "message"),
    [
        (_latin_1, "is not UTF-8 in line 1: save it as UTF-8"),
        (_empty, "is empty: write the secret into it"),
        (_large, "is larger than 64 KiB: is it the right file?"),
        (_loop, "cannot be read: Too many levels of symbolic links"),
        (os.mkfifo, "is a pipe or a device: name a file"),
    ],
)
def test_a_file_that_holds_no_secret_is_one_line_without_any_of_it(
    tmp_path: Path, put: Callable[[Path], None], message: str
) -> None:
    put(tmp_path / "secret")
    (line,) = errors(tmp_path, header(f"file://{tmp_path}/secret"))
    assert line == f"groundwire.yaml:3: telemetry.otlp.headers.authorization: secret {message}"
    assert "s3cr3t" not in line


def test_a_wrong_value_beside_a_secret_shows_none_of_it(tmp_path: Path) -> None:
    found = errors(tmp_path, header("s3cr3t") + "    header: s3cr3t\n    endpoint: s3cr3t\n  log_level: s3cr3t\n")
    assert len(found) == 4
    assert not [line for line in found if "s3cr3t" in line]


def test_a_secret_that_has_changed_makes_another_configuration(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("first")
    first, same = (loaded(tmp_path, header(f"file://{path}")).configuration for _ in range(2))
    path.write_text("second")
    assert first == same
    assert first != loaded(tmp_path, header(f"file://{path}")).configuration


def test_secrets_of_one_place_and_text_are_one() -> None:
    assert len({Secret.resolve("env://TOKEN"), Secret.resolve("env://TOKEN")}) == 1
    assert Secret.resolve("env://TOKEN") != "env://TOKEN"
