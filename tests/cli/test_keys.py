"""`groundwire keys`."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundwire_server.adapters.authentication.api_keys import ApiKeys
from groundwire_server.app.clock import SystemClock
from groundwire_server.cli.main import application
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import Credentials
from tests.cli.conftest import Ran

Command = Callable[..., Ran]
CREATE = ("keys", "create", "--tenant", "acme", "--subject", "search", "--role", "reader")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def caller_of(path: Path, text: str) -> Caller:
    keys = await ApiKeys.open(path, SystemClock())
    return await keys.authenticate(Credentials(api_key=text))


async def test_create_prints_a_key_that_works_and_nothing_else(groundwire_command: Command, folder: Path) -> None:
    ran = groundwire_command(*CREATE, "--role", "writer", "--principal", "staff", "--principal", "hr")

    assert ran.code == 0
    (text,) = ran.out.splitlines()
    caller = await caller_of(folder / "groundwire-keys.json", text)
    assert caller == Caller("acme", "search", frozenset({"staff", "hr"}), frozenset({Role.READER, Role.WRITER}))
    key_id, secret = text.split("_", 2)[1:]
    assert f"key {key_id} in groundwire-keys.json: tenant acme, subject search, reader+writer" in ran.err
    assert "it is not shown again" in ran.err
    assert secret not in ran.err
    assert stat.S_IMODE((folder / "groundwire-keys.json").stat().st_mode) == 0o600


def test_list_shows_every_key_and_nothing_that_opens_anything(groundwire_command: Command, folder: Path) -> None:
    texts = [
        groundwire_command(*CREATE).out.strip(),
        groundwire_command(*CREATE, "--expires", "never").out.strip(),
    ]
    ids = [text.split("_")[1] for text in texts]
    groundwire_command("keys", "revoke", ids[0])

    table = groundwire_command("keys", "list")
    lines = groundwire_command("keys", "list", "--json")

    assert table.code == lines.code == 0
    assert [key_id for line in table.out.splitlines() for key_id in ids if key_id in line] == ids
    assert "revoked" in table.out
    assert "never" in table.out
    listed = [json.loads(line) for line in lines.out.splitlines()]
    assert [(each["id"], each["state"]) for each in listed] == [(ids[0], "revoked"), (ids[1], "live")]
    assert listed[1]["expires"] is None
    for kept in json.loads((folder / "groundwire-keys.json").read_text())["keys"]:
        assert kept["hash"] not in table.out + lines.out
    assert not any(text.split("_", 2)[2] in table.out + lines.out for text in texts)


@pytest.mark.parametrize("columns", ["40", "80"])
def test_the_table_keeps_whole_ids_at_any_width(
    groundwire_command: Command, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    key_id = groundwire_command(*CREATE).out.split("_")[1]
    assert key_id in groundwire_command("keys", "list").out


async def test_a_revoked_key_opens_nothing(groundwire_command: Command, folder: Path) -> None:
    text = groundwire_command(*CREATE).out.strip()
    key_id = text.split("_")[1]

    ran = groundwire_command("keys", "revoke", key_id)

    assert ran.code == 0
    assert ran.out == f"key {key_id} is revoked: tenant acme, subject search, reader\n"
    with pytest.raises(AccessDenied) as caught:
        await caller_of(folder / "groundwire-keys.json", text)
    assert caught.value.word is DenialReason.API_KEY_REVOKED
    assert groundwire_command("keys", "revoke", key_id).code == 0


def test_two_keys_of_one_subject_live_side_by_side(groundwire_command: Command) -> None:
    groundwire_command(*CREATE)
    groundwire_command(*CREATE)
    listed = groundwire_command("keys", "list", "--json").out.splitlines()
    assert [json.loads(line)["state"] for line in listed] == ["live", "live"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((*CREATE, "--role", "root"), 2, "unknown role: root; roles are reader, writer, reviewer, operator, admin"),
        ((*CREATE, "--expires", "soon"), 2, "give hours, days or weeks"),
        ((*CREATE, "--expires", "90"), 2, "give hours, days or weeks"),
        ((*CREATE, "--expires", ""), 2, "give hours, days or weeks"),
        ((*CREATE, "--expires", "0d"), 2, "more than 0"),
        ((*CREATE, "--expires", "9999999999999w"), 2, "at most 36500 days"),
        ((*CREATE, "--tenant", "a b"), 2, "a tenant is 1 to 64"),
        ((*CREATE, "--subject", ""), 2, "a subject is 1 to 256"),
        ((*CREATE, "--principal", "*"), 2, "`*` is only for access lists"),
        ((*CREATE, "--file", "absent/keys.json"), 4, "No such file"),
        ((*CREATE, "--file", "."), 4, "is a folder"),
        (("keys", "create", "--tenant", "acme", "--subject", "s"), 2, "--role"),
        (("keys", "list"), 4, "there is no key file groundwire-keys.json: make one with `groundwire keys create"),
        (("keys", "list", "--file", "."), 4, "is a folder"),
        (("keys", "revoke", "0" * 12), 4, "there is no key file"),
        (("keys", "revoke", "gw_" + "0" * 12 + "_x"), 2, "give the key's id, not the key itself"),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(
    groundwire_command: Command, arguments: tuple[str, ...], code: int, says: str, folder: Path
) -> None:
    ran = groundwire_command(*arguments)

    assert ran.code == code
    assert says in ran.err
    assert ran.out == ""
    assert not list(folder.iterdir())


def test_an_unknown_id_and_a_damaged_file_are_told_of(groundwire_command: Command, folder: Path) -> None:
    groundwire_command(*CREATE)
    unknown = groundwire_command("keys", "revoke", "0" * 12)
    assert unknown.code == 4
    assert "there is no key 000000000000" in unknown.err
    path = folder / "groundwire-keys.json"
    path.write_bytes("schlüssel".encode("latin-1"))
    for arguments in (CREATE, ("keys", "list"), ("keys", "revoke", "0" * 12)):
        ran = groundwire_command(*arguments)
        assert ran.code == 4
        assert "is not a key file of groundwire, or is damaged" in ran.err
        assert ran.err.count("\n") == 1
    assert path.read_bytes() == "schlüssel".encode("latin-1")


@pytest.mark.parametrize("name", ["create", "list", "revoke"])
@pytest.mark.parametrize("columns", [40, 80])
def test_help_has_examples(name: str, columns: int) -> None:
    arguments = ["keys", name, "--help"]
    result = CliRunner().invoke(application(), arguments, env={"COLUMNS": str(columns)}, terminal_width=columns)

    assert result.exit_code == 0
    assert f"    groundwire keys {name}" in result.output.split("Examples:")[1]
