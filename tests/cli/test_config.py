"""`groundwire config`, and how `serve` ends when its configuration is wrong."""

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from groundwire_server.app.configuration.load import TEMPLATE
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.cli.exits import ExitCode
from tests.cli.conftest import Ran
from tests.doubles.certificates import Authority

Command = Callable[..., Ran]
Golden = Callable[[str, str], None]

AUTHORITY = Authority()
NOW = datetime.now(UTC)
COMMAND = [sys.executable, "-m", "groundwire_server"]
KEYWORDS = "embedders:\nstores: {main: {kind: embedded}}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NOWHERE", raising=False)
    return tmp_path


WRONG: dict[str, tuple[bytes, list[str]]] = {
    "broken-yaml": (b"server: [1\n", ["2: this is not YAML: expected ',' or ']', but got '<stream end>'"]),
    "duplicate-key": (b"server: {}\nserver: {}\n", ["2: server: is given twice, first in line 1"]),
    "two-routes-of-one-name": (
        b"routes:\n  faq: {}\n  faq: {}\n",
        ["3: routes.faq: is given twice, first in line 2"],
    ),
    "secret-that-does-not-resolve": (
        b"telemetry: {otlp: {headers: {token: 'env://NOWHERE'}}}\n",
        [("1: telemetry.otlp.headers.token: the variable NOWHERE is not set: set it where the server is started")],
    ),
    "secret-file-that-is-not-there": (
        b"telemetry: {otlp: {headers: {token: 'file:///none'}}}\n",
        ["1: telemetry.otlp.headers.token: /none cannot be read: No such file or directory"],
    ),
    "secret-in-the-file": (
        b"telemetry: {otlp: {headers: {token: s3cr3t}}}\n",
        [
            (
                "1: telemetry.otlp.headers.token: must be a reference, env://NAME or file:///PATH, "
                "and not the secret itself"
            )
        ],
    ),
    "unknown-key": (
        b"\nserver:\n  lisen: x\n",
        [
            (
                "3: server.lisen: unknown key; did you mean listen? there are: "
                "arrival, connections, dangerously_listen_without_authentication, drain, listen, "
                "max_concurrent_calls, request_bytes, tls, workers, write_seconds"
            )
        ],
    ),
    "wrong-type": (
        b"embedders: {local: {cache_size: true}}\n",
        ["1: embedders.local.cache_size: must be a whole number"],
    ),
    "dangling-name": (
        b"stores: {main: {embedder: lokal}}\n",
        ["1: stores.main.embedder: there is no embedder of this name; did you mean local? there is: local"],
    ),
    "several": (
        b"corpus: docs\nserver:\n  listen: 5\n",
        [
            "1: corpus: there is no store of this name; there is: main",
            "3: server.listen: must be a text: put it in quotes",
        ],
    ),
}


@pytest.mark.parametrize("command", [("config", "check"), ("config", "show"), ("serve",)], ids=lambda each: each[-1])
@pytest.mark.parametrize(("data", "lines"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_a_line_each_and_the_server_does_not_start(
    groundwire_command: Command, here: Path, command: tuple[str, ...], data: bytes, lines: list[str]
) -> None:
    (here / "groundwire.yaml").write_bytes(data)
    said = "".join(f"groundwire: groundwire.yaml:{line}\n" for line in lines)
    assert groundwire_command(*command) == Ran(ExitCode.USAGE, "", said)


@pytest.mark.parametrize("named", ["flag", "variable"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "is a folder: name the file in it"),
        ("none", "cannot be read: No such file or directory; `groundwire config init` writes one to begin with"),
        ("loop", "cannot be read: Too many levels of symbolic links"),
        ("pipe", "is a pipe or a device: name a file"),
        ("latin-1", "is not UTF-8 in line 2: save it as UTF-8"),
    ],
)
def test_what_is_no_file_of_text_is_one_line(
    groundwire_command: Command, here: Path, monkeypatch: pytest.MonkeyPatch, named: str, name: str, said: str
) -> None:
    (here / "folder").mkdir()
    (here / "loop").symlink_to("loop")
    (here / "latin-1").write_bytes(b"server: {}\n# caf\xe9\n")
    os.mkfifo(here / "pipe")
    if named == "variable":
        monkeypatch.setenv("GROUNDWIRE_CONFIG", name)
    ran = groundwire_command("config", "check", *(("--config", name) if named == "flag" else ()))
    assert ran == Ran(ExitCode.USAGE, "", f"groundwire: {name}: {said}\n")


def test_an_unreadable_file_is_one_line(
    groundwire_command: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    (here / "groundwire.yaml").touch()
    # Root, whom some run tests as, may read whatever the file's mode says.
    monkeypatch.setattr(Path, "open", refuse)
    assert groundwire_command("config", "check") == Ran(
        ExitCode.USAGE, "", "groundwire: groundwire.yaml: cannot be read: Permission denied\n"
    )


def test_a_variable_that_is_wrong_is_one_line(groundwire_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWIRE_SERVER__WRITE_SECONDS", "soon")
    assert groundwire_command("config", "check") == Ran(
        ExitCode.USAGE,
        "",
        "groundwire: GROUNDWIRE_SERVER__WRITE_SECONDS: server.write_seconds: must be a number\n",
    )


def test_the_commands_own_variables_disturb_nothing(
    groundwire_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SERVER", "TENANT", "TOKEN", "API_KEY", "TRACEBACK"):
        monkeypatch.setenv(f"GROUNDWIRE_{name}", "127.0.0.1:1")
    shown = json.loads(groundwire_command("config", "show", "--json").out)
    assert {each["origin"] for each in shown.values()} == {"built in"}


def test_check_looks_at_what_the_file_refers_to(groundwire_command: Command, here: Path) -> None:
    (here / "taken").touch()
    (here / "groundwire.yaml").write_text(
        f"{KEYWORDS.replace('embedded', 'embedded, folder: taken')}server: {{tls: {{certificate: none.crt}}}}\n"
    )
    assert groundwire_command("config", "check") == Ran(
        ExitCode.USAGE,
        "",
        "groundwire: groundwire.yaml:3: server.tls: "
        "the certificate none.crt cannot be read: No such file or directory\n"
        f"groundwire: groundwire.yaml:2: stores.main.folder: {here}/taken is a file: name a folder\n",
    )


def _lone(folder: Path) -> str:
    certificate, key = AUTHORITY.issue(dns=["localhost"]).write(folder)
    key.unlink()
    return f"the certificate {certificate.name} has no key: name the file of its key"


def _without_key(folder: Path) -> str:
    AUTHORITY.issue(dns=["localhost"]).write(folder)[1].unlink()
    return "the key tls.key cannot be read: No such file or directory"


def _expired(folder: Path) -> str:
    AUTHORITY.issue(dns=["localhost"], begins=NOW - timedelta(9), ends=NOW - timedelta(1)).write(folder)
    return "the certificate tls.crt has expired at "


def _folder(folder: Path) -> str:
    (folder / "tls.crt").mkdir()
    return "the certificate tls.crt is a folder: name the file in it"


@pytest.mark.parametrize(
    "command", [("config", "check"), ("serve", "--listen", "127.0.0.1:0")], ids=lambda each: each[0]
)
@pytest.mark.parametrize("put", [_lone, _without_key, _expired, _folder])
def test_a_certificate_that_cannot_be_used_is_one_line_and_the_server_does_not_start(
    groundwire_command: Command, here: Path, command: tuple[str, ...], put: Callable[[Path], str]
) -> None:
    said = put(here)
    key = "" if put is _lone else ", key: tls.key"
    (here / "groundwire.yaml").write_text(f"{KEYWORDS}server: {{tls: {{certificate: tls.crt{key}}}}}\n")
    ran = groundwire_command(*command)
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert ran.err.startswith(f"groundwire: groundwire.yaml:3: server.tls: {said}")
    assert ran.err.count("\n") == 1


@pytest.mark.local
def test_check_warns_of_a_block_of_context_that_no_prompt_shows(groundwire_command: Command, here: Path) -> None:
    blocks = "{plan: {source: caller, key: plan}, caller: {source: caller}, turns: {source: turns}}"
    text = f"routes:\n  default:\n    models: [extractive]\n    store: main\n    context: {blocks}\n"
    (here / "groundwire.yaml").write_text(text)
    variables = "caller, date, examples, glossary, instructions"
    assert groundwire_command("config", "check") == Ran(
        0,
        "warning: groundwire.yaml:5: routes.default.context.plan: the prompt answer/1.2.1 does not show it; its "
        f"variables are: {variables}\ngroundwire.yaml is right; routes: default\n",
        "",
    )


def test_check_says_which_block_does_not_fit_the_prompt(groundwire_command: Command, here: Path) -> None:
    blocks = "{date: {source: caller, key: date}}"
    text = f"routes:\n  default:\n    models: [extractive]\n    store: main\n    context: {blocks}\n"
    (here / "groundwire.yaml").write_text(text)
    ran = groundwire_command("config", "check")
    assert ran.code != 0
    assert "5: routes.default.context: the prompt shows 'date' outside a fence" in ran.err


def test_check_says_that_all_is_right_and_of_what(groundwire_command: Command, here: Path) -> None:
    assert groundwire_command("config", "check") == Ran(
        0, "there is no groundwire.yaml; what is built in is right; routes: default\n", ""
    )
    (here / "mine.yaml").write_text("routes: {faq: {models: [extractive], store: main}}\n")
    assert groundwire_command("config", "check", "--config", "mine.yaml") == Ran(
        0, "mine.yaml is right; routes: faq\n", ""
    )
    assert groundwire_command("config", "init").code == 0
    assert groundwire_command("config", "check") == Ran(0, "groundwire.yaml is right; routes: default\n", "")


def test_init_writes_the_starting_file(groundwire_command: Command, here: Path) -> None:
    assert groundwire_command("config", "init") == Ran(
        0, "wrote groundwire.yaml; check it with: groundwire config check --config groundwire.yaml\n", ""
    )
    assert (here / "groundwire.yaml").read_text() == TEMPLATE.read_text("utf-8")


def test_init_writes_over_a_file_only_when_told_to(groundwire_command: Command, here: Path) -> None:
    path = here / "mine.yaml"
    path.write_text("mine")
    assert groundwire_command("config", "init", "mine.yaml") == Ran(
        ExitCode.USAGE, "", "groundwire: mine.yaml is there already: name another, or write over it with --force\n"
    )
    assert path.read_text() == "mine"
    assert groundwire_command("config", "init", "mine.yaml", "--force").code == 0
    assert path.read_text() == TEMPLATE.read_text("utf-8")
    assert list(here.iterdir()) == [path]


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize(
    ("place", "code", "said"),
    [
        ("folder", ExitCode.USAGE, "folder is a folder: name a file in it"),
        ("none/g.yaml", ExitCode.FAILED, "none/g.yaml cannot be written: No such file or directory"),
    ],
)
def test_init_says_why_it_cannot_write(
    groundwire_command: Command, here: Path, force: tuple[str, ...], place: str, code: int, said: str
) -> None:
    (here / "folder").mkdir()
    assert groundwire_command("config", "init", place, *force) == Ran(code, "", f"groundwire: {said}\n")


SHOWN = """\
server: {listen: "127.0.0.1:1"}
telemetry:
  otlp: {headers: {authorization: env://TOKEN}}
routes:
  faq:
    models: [extractive]
    store: main
    thresholds: {min_relevance: 0.5}
    fallbacks: {MODEL_TIMEOUT: [ABSTAIN]}
"""


@pytest.fixture
def shown(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, and an environment over it."""
    (here / "groundwire.yaml").write_text(SHOWN)
    monkeypatch.setenv("TOKEN", "s3cr3t")
    monkeypatch.setenv("GROUNDWIRE_STORES__MAIN__FOLDER", "/data")
    monkeypatch.setenv("GROUNDWIRE_ROUTES__FAQ__LIMITS__TOP_K", "4")


@pytest.mark.usefixtures("shown")
def test_show_prints_each_value_with_its_origin(groundwire_command: Command, golden: Golden) -> None:
    ran = groundwire_command("config", "show")
    assert (ran.code, ran.err) == (0, "")
    golden("config-show", ran.out)
    assert "s3cr3t" not in ran.out


@pytest.mark.usefixtures("shown")
def test_show_gives_values_and_origins_as_json(groundwire_command: Command) -> None:
    ran = groundwire_command("config", "show", "--json")
    found = json.loads(ran.out)
    assert found["server.listen"] == {"value": "127.0.0.1:1", "origin": "groundwire.yaml:1"}
    assert found["stores.main.folder"] == {"value": "/data", "origin": "GROUNDWIRE_STORES__MAIN__FOLDER"}
    assert found["server.write_seconds"] == {"value": 10.0, "origin": "built in"}
    assert found["telemetry.otlp.headers.authorization"]["value"] == "env://TOKEN"
    assert "s3cr3t" not in ran.out


def _meant(schema: dict[str, Any], part: dict[str, Any]) -> list[dict[str, Any]]:
    """What a part of a schema allows, references followed."""
    if "$ref" in part:
        return _meant(schema, schema["$defs"][part["$ref"].rpartition("/")[2]])
    if several := part.get("anyOf") or part.get("oneOf"):
        return [found for each in several for found in _meant(schema, each)]
    return [part]


def _fits(schema: dict[str, Any], part: dict[str, Any] | Literal[True], value: object) -> bool:
    """Whether a value is of the type and has the keys that a part of a schema allows."""
    if part is True:
        return True
    types = {dict: "object", list: "array", str: "string", type(None): "null", bool: "boolean"}
    for each in _meant(schema, part):
        if not each:
            return True
        numeric = isinstance(value, int | float) and each.get("type") in {"integer", "number"}
        if not numeric and each.get("type") != types.get(type(value)) and each.get("const") != value:
            continue
        if not isinstance(value, dict):
            return True
        properties = each.get("properties", {})
        others = each.get("additionalProperties") or next(iter(each.get("patternProperties", {}).values()), None)
        inner = {key: properties.get(key, others) for key in value}
        if all(inner.values()) and all(_fits(schema, inner[key], value[key]) for key in value):
            return True
    return False


def test_schema_knows_every_key_and_refuses_others(groundwire_command: Command) -> None:
    ran = groundwire_command("config", "schema")
    assert (ran.code, ran.err) == (0, "")
    schema = json.loads(ran.out)
    assert set(schema["properties"]) == set(Configuration.model_fields)
    sections = [schema, *(each for each in schema["$defs"].values() if each.get("type") == "object")]
    assert {section["additionalProperties"] for section in sections} == {False}
    # What a reference says is in what it refers to.
    fields = [field for section in sections for field in section["properties"].values()]
    assert [field for field in fields if "description" not in field and "$ref" not in str(field)] == []
    assert schema["$defs"]["OtlpConfig"]["properties"]["headers"]["anyOf"][0]["additionalProperties"] == {
        "type": "string",
        "pattern": "^(env|file)://.+",
    }


def test_the_starting_file_fits_the_schema_as_it_is_and_with_its_lines_set_free(groundwire_command: Command) -> None:
    schema = json.loads(groundwire_command("config", "schema").out)
    free = re.sub(r"^( *)#(?! \S)", r"\1", TEMPLATE.read_text("utf-8"), flags=re.MULTILINE)
    for text in (TEMPLATE.read_text("utf-8"), free):
        assert _fits(schema, schema, yaml.safe_load(text))
    assert not _fits(schema, schema, {"server": {"lisen": "x"}})
    assert not _fits(schema, schema, {"server": {"listen": 5}})


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["config", "show"], ["config", "schema"], ["config", "show", "--json"]])
def test_output_into_a_closed_pipe_ends_quietly(here: Path, arguments: list[str]) -> None:
    # More than a pipe holds.
    routes = "".join(f"  {'r' * 50}{number}: {{models: [extractive], store: main}}\n" for number in range(60))
    (here / "groundwire.yaml").write_text(f"routes:\n{routes}")
    read, write = os.pipe()
    os.close(read)
    try:
        ran = subprocess.run(
            [*COMMAND, *arguments], stdout=write, stderr=subprocess.PIPE, timeout=180, check=False, text=True
        )
    finally:
        os.close(write)
    assert (ran.returncode, ran.stderr) == (ExitCode.CLOSED_PIPE, "")


def test_a_narrow_terminal_without_colours_changes_nothing(
    groundwire_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = groundwire_command("config", "show").out
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert groundwire_command("config", "show").out == wide
    assert "\x1b" not in wide
