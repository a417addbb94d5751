"""A client that connects as the environment says."""

from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

import groundwire
from groundwire.settings import DEFAULT_TENANT, Settings, variable
from groundwire_server.cli import connection
from groundwire_server.cli.connection import ConnectionOptions
from tests.doubles import events
from tests.doubles.service import FakeService

SECRET = "gw_secret_of_nobody"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return str(path)


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in fields(Settings):
        monkeypatch.delenv(variable(each.name), raising=False)


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({}, {"groundwire-tenant": "local"}),
        ({"GROUNDWIRE_TENANT": "acme"}, {"groundwire-tenant": "acme"}),
        ({"GROUNDWIRE_TENANT": ""}, {"groundwire-tenant": "local"}),
        ({"GROUNDWIRE_TOKEN": SECRET}, {"authorization": f"Bearer {SECRET}"}),
        ({"GROUNDWIRE_API_KEY": SECRET}, {"groundwire-api-key": SECRET}),
        ({"GROUNDWIRE_TOKEN_FILE": "secret"}, {"authorization": f"Bearer {SECRET}"}),
        ({"GROUNDWIRE_API_KEY_FILE": "secret", "GROUNDWIRE_TOKEN": "another"}, {"groundwire-api-key": SECRET}),
        (
            {"GROUNDWIRE_TOKEN": SECRET, "GROUNDWIRE_TENANT": "acme"},
            {"authorization": f"Bearer {SECRET}", "groundwire-tenant": "acme"},
        ),
    ],
)
def test_what_the_environment_says_is_sent(
    service: FakeService,
    address: str,
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    sent: dict[str, str],
) -> None:
    service.otherwise = events.plain_answer()
    for name, value in {"GROUNDWIRE_SERVER": address, **variables}.items():
        monkeypatch.setenv(name, secret if value == "secret" else value)

    with groundwire.SyncClient.from_env(subject="ada") as client:
        client.answer("why?")

    names = {"authorization", "groundwire-api-key", "groundwire-tenant"}
    assert {name: value for name, value in service.calls[0].metadata.items() if name in names} == sent
    assert service.calls[0].metadata["groundwire-subject"] == "ada"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"GROUNDWIRE_TOKEN": "a", "GROUNDWIRE_API_KEY": "b"}, "GROUNDWIRE_TOKEN and GROUNDWIRE_API_KEY are two"),
        ({"GROUNDWIRE_TLS_CERT": "a"}, "GROUNDWIRE_TLS_CERT and GROUNDWIRE_TLS_KEY belong together"),
        ({"GROUNDWIRE_TLS": "maybe"}, "GROUNDWIRE_TLS is 'maybe': set it to 1 or 0"),
        ({"GROUNDWIRE_TLS_CA": "secret"}, "GROUNDWIRE_TLS_CA .* does not hold a certificate in PEM"),
        ({"GROUNDWIRE_TOKEN_FILE": "absent"}, "absent .token. cannot be read: No such file"),
        ({"GROUNDWIRE_TOKEN": "a", "GROUNDWIRE_SERVER": "203.0.113.7:1"}, "give tls="),
    ],
)
async def test_what_cannot_be_used_is_named_by_its_variable(
    secret: str, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, secret if value == "secret" else value)

    for client in (groundwire.Client, groundwire.SyncClient):
        with pytest.raises(ValueError, match=says) as raised:
            client.from_env()
        assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "secured"), [("1", True), ("yes", True), ("TRUE", True), ("0", False), ("off", False)]
)
def test_yes_and_no_are_said_as_on_the_command_line(said: str, secured: bool) -> None:
    assert Settings.from_environment({"GROUNDWIRE_TLS": said}).secured is secured


def test_settings_show_no_secret() -> None:
    shown = repr(Settings.from_environment({"GROUNDWIRE_TOKEN": SECRET, "GROUNDWIRE_API_KEY": SECRET}))

    assert SECRET not in shown
    assert "server='127.0.0.1:50051'" in shown


def test_the_command_says_the_same_with_its_options() -> None:
    hints = get_type_hints(ConnectionOptions, include_extras=True)
    options = {name: hint.__metadata__[0].envvar for name, hint in hints.items()}

    assert options == {name: variable(name) for name in options}
    assert {each.name for each in fields(Settings)} - set(options) == {"token", "api_key", "names"}
    assert (variable("token"), variable("api_key")) == (connection.TOKEN_VARIABLE, connection.API_KEY_VARIABLE)
    assert (ConnectionOptions(), connection.DEFAULT_TENANT) == (
        ConnectionOptions(server=Settings().server),
        DEFAULT_TENANT,
    )
