"""`groundwire limits show`."""

import json
from collections.abc import Callable
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

from groundwire.v1.limit_pb2 import Limit, LimitKind, LimitMode
from groundwire.v1.limit_service_pb2 import GetLimitsResponse
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.limits import show_limits
from tests.cli.conftest import Ran
from tests.doubles.service import FakeService

Command = Callable[..., Ran]

FOUND = GetLimitsResponse(
    currency="EUR",
    limits=[
        Limit(
            name="users.requests_per_minute",
            kind=LimitKind.LIMIT_KIND_REQUESTS_PER_MINUTE,
            mode=LimitMode.LIMIT_MODE_ENFORCED,
            dimensions={"tenant": "acme", "end_user": ""},
            value=1200,
            used=200,
            left=1000,
            full_time=Timestamp(seconds=1_795_651_210),
        ),
        Limit(
            name="users.cost_per_day",
            kind=LimitKind.LIMIT_KIND_COST_PER_DAY,
            mode=LimitMode.LIMIT_MODE_SHADOW,
            value=25_000_000,
            used=1_250_000,
            left=23_750_000,
        ),
        Limit(
            name="users.question_chars",
            kind=LimitKind.LIMIT_KIND_QUESTION_CHARS,
            mode=LimitMode.LIMIT_MODE_ENFORCED,
            value=900,
        ),
    ],
)


def shown(found: GetLimitsResponse, width: int = 90) -> list[str]:
    console = Terminal(width=width)
    with console.capture() as captured:
        show_limits(console, found)
    return captured.get().splitlines()


def test_each_limit_says_what_is_left_and_until_when() -> None:
    assert shown(FOUND) == [
        "users.requests_per_minute  enforced",
        "  1,000 of 1,200 left, 200 used; all left again at 2026-11-26 00:00:10 UTC",
        "  counted for end_user (none), tenant acme",
        "users.cost_per_day  shadow",
        "  23.75 of 25.00 EUR left, 1.25 used",
        "users.question_chars  enforced",
        "  900 in each call",
    ]


def test_a_requester_without_limits_is_said_to_have_none() -> None:
    assert shown(GetLimitsResponse()) == ["no limit holds for this requester"]


def test_a_name_cannot_steer_the_terminal() -> None:
    limit = Limit(name="users.requests_per_minute", dimensions={"subject": "\x1b[31mred"})
    assert "\x1b" not in str(shown(GetLimitsResponse(limits=[limit])))


def test_a_requester_is_asked_about(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.limits = FOUND

    ran = groundwire_command(
        "limits", "show", "--tenant", "acme", "--subject", "ada", "--end-user", "eve", "--route", "faq",
        "--server", address,
    )  # fmt: skip

    assert ran.code == 0
    assert "users.question_chars" in ran.out
    request = service.calls[0].request
    assert (request.tenant, request.subject, request.end_user_id, request.route) == ("acme", "ada", "eve", "faq")
    assert service.calls[0].metadata["groundwire-tenant"] == "acme"


def test_as_json(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.limits = FOUND

    ran = groundwire_command("limits", "show", "--json", "--server", address)

    assert json.loads(ran.out)["limits"][0]["left"] == "1000"
    assert service.calls[0].request.tenant == ""


def test_with_a_credential_the_tenant_is_the_one_to_look_at(
    groundwire_command: Command, service: FakeService, address: str, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("gw_0123456789ab_" + "s" * 43)

    ran = groundwire_command("limits", "show", "--tenant", "globex", "--api-key-file", str(key), "--server", address)

    assert ran.code == 0, ran.err
    assert service.calls[0].request.tenant == "globex"
    assert "groundwire-tenant" not in service.calls[0].metadata
