"""What a configuration refers to on this machine."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from groundwire_server.adapters.authentication.key_file import changing
from groundwire_server.app.configuration import external
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from tests.app.configuration.reading import loaded
from tests.doubles.certificates import Authority
from tests.doubles.issuer import Issuer

NOW = datetime.now(UTC)
AUTHORITY = Authority()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The extra's packages; a test takes away what it wants to be missing."""
    there = set(external._LOCAL_EXTRA)

    def find(name: str) -> ModuleSpec | None:
        return ModuleSpec(name, None) if name in there else None

    monkeypatch.setattr(external, "find_spec", find)
    return there


def wrong(folder: Path, text: str) -> list[str]:
    try:
        external.verify(loaded(folder, text), NOW)
    except InvalidConfigurationError as invalid:
        return [str(error).replace(f"{folder}/", "") for error in invalid.errors]
    return []


def test_what_is_built_in_is_right_and_nothing_is_made_by_looking(here: Path) -> None:
    assert wrong(here, "") == []
    assert [path.name for path in here.iterdir()] == ["groundwire.yaml"]


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("{name: anser}", "there is no prompt 'anser'; there are: answer"),
        ("{version: 9.0.0}", "prompt 'answer' has no version '9.0.0'; it has: 1.2.0, 1.2.1"),
    ],
)
def test_a_prompt_that_is_not_there_is_one_line(here: Path, prompt: str, says: str) -> None:
    (line,) = wrong(here, f"routes:\n  default:\n    models: [extractive]\n    store: main\n    prompt: {prompt}\n")
    assert line.startswith("groundwire.yaml:5: routes.default.prompt: ")
    assert says in line


TLS = "server:\n  tls: {certificate: tls.crt, key: tls.key}\n"


def _good(folder: Path) -> None:
    AUTHORITY.issue(dns=["localhost"]).write(folder)


def _without_key(folder: Path) -> None:
    _good(folder)
    (folder / "tls.key").unlink()


def _expired(folder: Path) -> None:
    AUTHORITY.issue(dns=["localhost"], begins=NOW - timedelta(9), ends=NOW - timedelta(1)).write(folder)


def _key_of_another(folder: Path) -> None:
    _good(folder)
    (folder / "tls.key").write_bytes(AUTHORITY.issue(dns=["localhost"]).key)


def _folder_for_a_certificate(folder: Path) -> None:
    (folder / "tls.crt").mkdir()


def _pipe_for_a_certificate(folder: Path) -> None:
    os.mkfifo(folder / "tls.crt")


def test_a_certificate_with_its_key_is_right(here: Path) -> None:
    _good(here)
    assert wrong(here, TLS) == []


@pytest.mark.parametrize(
    ("put", "says"),
    [
        (_without_key, "the key tls.key cannot be read: No such file or directory"),
        (_expired, "has expired at"),
        (_key_of_another, "tls.key does not belong to the certificate tls.crt"),
        (_folder_for_a_certificate, "the certificate tls.crt is a folder: name the file in it"),
        (_pipe_for_a_certificate, "the certificate tls.crt is a pipe or a device: name a file"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_one_line(here: Path, put: Callable[[Path], None], says: str) -> None:
    put(here)
    (line,) = wrong(here, TLS)
    assert line.startswith("groundwire.yaml:2: server.tls: ")
    assert says in line


def test_a_certificate_that_comes_without_a_key_is_one_line(here: Path) -> None:
    _good(here)
    assert wrong(here, "server: {tls: {certificate: tls.crt}}") == [
        "groundwire.yaml:1: server.tls: the certificate tls.crt has no key: name the file of its key"
    ]


KEYS = "authentication:\n  api_keys: {file: keys.json}\n"


def _key_file(folder: Path) -> None:
    with changing(folder / "keys.json"):
        pass


def test_a_key_file_is_right(here: Path) -> None:
    _key_file(here)
    assert wrong(here, KEYS) == []


@pytest.mark.parametrize(
    ("put", "says"),
    [
        (lambda path: None, "there is no key file keys.json: make one with `groundwire keys create"),
        (lambda path: path.write_text("{}"), "keys.json is not a key file of groundwire, or is damaged"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "keys.json is not a key file of groundwire, or is damaged"),
        (lambda path: path.mkdir(), "the key file keys.json is a folder: name the file in it"),
        (os.mkfifo, "the key file keys.json is a pipe or a device: name a file"),
    ],
    ids=["absent", "other", "latin-1", "folder", "pipe"],
)
def test_a_key_file_that_cannot_be_used_is_one_line(here: Path, put: Callable[[Path], None], says: str) -> None:
    put(here / "keys.json")
    (line,) = wrong(here, KEYS)
    assert line.startswith(f"groundwire.yaml:2: authentication.api_keys.file: {says}")


TOKENS = "authentication:\n  tokens:\n    - {issuer: i, audience: a, jwks: %s}\n"


def test_a_key_set_in_a_file_is_right_and_one_of_an_address_is_not_fetched(here: Path) -> None:
    (here / "jwks.json").write_bytes(Issuer().jwks)
    assert wrong(here, TOKENS % "jwks.json") == []
    assert wrong(here, TOKENS % "https://127.0.0.1:1/jwks.json") == []


@pytest.mark.parametrize(
    "put", [lambda path: None, lambda path: path.mkdir(), lambda path: path.symlink_to(path), os.mkfifo]
)
def test_a_key_set_that_is_no_file_is_one_line(here: Path, put: Callable[[Path], None]) -> None:
    put(here / "jwks.json")
    assert wrong(here, TOKENS % "jwks.json") == [
        "groundwire.yaml:3: authentication.tokens[0].jwks: jwks.json is not a file that can be read"
    ]


def test_a_key_set_that_holds_none_is_one_line(here: Path) -> None:
    (here / "jwks.json").write_text("[]")
    (line,) = wrong(here, TOKENS % "jwks.json")
    assert line.startswith("groundwire.yaml:3: authentication.tokens[0].jwks: jwks.json ")


def test_a_folder_that_can_be_made_is_right(here: Path) -> None:
    assert wrong(here, "stores: {main: {folder: not/yet}}") == []
    assert not (here / "not").exists()


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("file", "file is a file: name a folder"),
        ("file/data", "file is a file: name a folder"),
        ("loop", "loop cannot be used: Too many levels of symbolic links"),
        ("loop/data", "loop/data cannot be used: Too many levels of symbolic links"),
        ("nowhere", "nowhere is a link that leads nowhere: correct it"),
        ("x" * 300, f"{'x' * 300} cannot be used: File name too long"),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_line(here: Path, folder: str, says: str) -> None:
    (here / "file").touch()
    (here / "loop").symlink_to("loop")
    (here / "nowhere").symlink_to("absent")
    assert wrong(here, f"stores:\n  main:\n    folder: {folder}\n") == [
        f"groundwire.yaml:3: stores.main.folder: {says}"
    ]


def test_a_folder_that_may_not_be_written_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root, whom some run tests as, may write whatever the folder's mode says.
    monkeypatch.setattr(os, "access", lambda place, mode: not mode & os.W_OK)
    (line,) = wrong(here, "")
    assert line == f"built in: stores.main.folder: {here} cannot be written by this user"


@pytest.mark.parametrize("missing", external._LOCAL_EXTRA)
def test_an_embedder_without_its_packages_is_one_line(here: Path, installed: set[str], missing: str) -> None:
    installed.remove(missing)
    (line,) = wrong(here, "")
    assert line.startswith(f"built in: embedders.local.kind: needs {missing}: pip install 'groundwire-server[local]'")


def test_all_that_cannot_be_used_is_told_of(here: Path) -> None:
    (here / "file").touch()
    text = f"{TLS}{KEYS}stores: {{main: {{folder: file}}}}\n"
    assert [line.split(": ")[1] for line in wrong(here, text)] == [
        "server.tls",
        "authentication.api_keys.file",
        "stores.main.folder",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Initech\n# Rivals\n", None),
        (None, "terms.txt cannot be read: No such file or directory"),
        ("Initech\n…\n", "terms.txt has the term …, without a letter or digit: leave it out"),
    ],
    ids=["right", "missing", "blank"],
)
def test_a_list_of_terms_that_cannot_be_used_is_one_line(here: Path, content: str | None, says: str | None) -> None:
    if content is not None:
        (here / "terms.txt").write_text(content)
    lines = wrong(here, "guards:\n  g: {kind: terms, version: '1', category: c, file: terms.txt}\n")
    assert lines == ([] if says is None else [f"groundwire.yaml:2: guards.g.file: {says}"])
