"""`groundwire experiments apply|list|end` on a running server."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.rpc import code_pb2

from groundwire.v1.experiment_service_pb2 import EXPERIMENT_STATE_SCHEDULED, EXPERIMENT_STATE_SET_ASIDE
from groundwire_server.app.experiments.definition import EXAMPLE
from tests.cli.conftest import Ran
from tests.doubles.experiment_service import (
    CHANGED,
    UNKNOWN,
    ScriptedExperimentService,
    experiment,
    serving_experiments,
)
from tests.doubles.service import Failure

Command = Callable[..., Ran]


@pytest.fixture
def service() -> ScriptedExperimentService:
    return ScriptedExperimentService()


@pytest.fixture
def command(groundwire_command: Command, service: ScriptedExperimentService) -> Iterator[Command]:
    with serving_experiments(service) as address:
        yield lambda *arguments: groundwire_command("experiments", *arguments, "--server", address)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "shorter-prompt.yaml"
    file.write_text(EXAMPLE.read_text("utf-8"))
    return file


def test_a_file_is_applied(command: Command, service: ScriptedExperimentService, file: Path) -> None:
    ran = command("apply", str(file), "--reason", "cheaper", "--etag", "e0")

    assert (ran.code, ran.out) == (0, "shorter-prompt on route default runs with 10 % of its units\n")
    assert ran.err == "arms, of all users: control 5 %, candidate 5 %; in none 90 %\n"
    request = service.calls[-1].request
    assert (request.definition, request.reason, request.etag) == (file.read_text(), "cheaper", "e0")
    assert not request.validate_only


def test_a_dry_run_keeps_nothing(command: Command, service: ScriptedExperimentService, file: Path) -> None:
    ran = command("apply", str(file), "--dry-run")

    assert (ran.code, ran.out, ran.err) == (0, "shorter-prompt can be applied\n", "")
    assert service.calls[-1].request.validate_only


def test_what_is_wrong_with_a_file_is_said_without_a_server(
    command: Command, service: ScriptedExperimentService, file: Path
) -> None:
    file.write_text(file.read_text().replace("weight: 50", "weight: 40").replace("route: default", "rout: default"))

    ran = command("apply", str(file))

    assert ran.code == 2
    missing, unknown = ran.err.splitlines()
    assert missing == f"groundwire: {file}: route: is missing"
    assert unknown.startswith(f"groundwire: {file}:8: rout: unknown key; did you mean route?")
    assert service.calls == []


def test_what_the_server_finds_stands_at_the_lines_of_the_file(
    command: Command, service: ScriptedExperimentService, file: Path
) -> None:
    said = {"definition": "definition:9: route: there is no such route"}
    service.failures["ApplyExperiment"] = Failure(code_pb2.INVALID_ARGUMENT, "", "EXPERIMENT_INVALID", said)

    ran = command("apply", str(file))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"groundwire: {file}:9: route: there is no such route\n"


def test_a_state_that_has_changed_says_so(command: Command, service: ScriptedExperimentService, file: Path) -> None:
    service.failures["ApplyExperiment"] = CHANGED

    ran = command("apply", str(file), "--etag", "e0")

    assert ran.code == 4
    assert "The experiment has changed since you read it; read it again" in ran.err


def test_a_file_that_cannot_be_read_says_so(command: Command, tmp_path: Path) -> None:
    ran = command("apply", str(tmp_path / "none.yaml"))

    assert (ran.code, ran.out) == (2, "")
    assert f"{tmp_path}/none.yaml" in ran.err


def test_experiments_are_listed_between_tabs_and_as_json(command: Command, service: ScriptedExperimentService) -> None:
    aside = experiment("other", route="faq", state=EXPERIMENT_STATE_SET_ASIDE, traffic_percent=0.0, fault="no model x")
    service.kept["other"] = aside

    ran = command("list")

    assert ran.out.splitlines() == [
        "shorter-prompt\trunning\tdefault\t10\t2026-11-27T15:00:00Z\t\tana\t",
        "larger-model\trunning\tdefault\t10\t2026-11-27T15:00:00Z\t\tana\t",
        "other\tset aside\tfaq\t0\t2026-11-27T15:00:00Z\t\tana\tno model x",
    ]
    of_faq = command("list", "--route", "faq", "--json")
    assert [json.loads(line)["name"] for line in of_faq.out.splitlines()] == ["other"]
    assert command("list", "--most", "1").out.count("\n") == 1


def test_a_terminal_says_that_the_service_has_changed_one_by_itself(
    command: Command, service: ScriptedExperimentService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.kept = {"other": experiment("other", actor="")}
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")

    assert "changed by the service; etag e1" in re.sub(r"\x1b\[\d*m", "", command("list").out)


def test_one_that_is_set_aside_fails_the_command(
    command: Command, service: ScriptedExperimentService, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "others", {"state": EXPERIMENT_STATE_SET_ASIDE, "fault": "no reranker"})

    ran = command("apply", str(file))

    assert ran.code == 4
    assert ran.err.splitlines()[-1] == "groundwire: shorter-prompt is set aside: no reranker"


def test_one_that_begins_later_says_when(
    command: Command, service: ScriptedExperimentService, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "others", {"state": EXPERIMENT_STATE_SCHEDULED, "traffic_percent": 0.0})

    ran = command("apply", str(file))
    assert ran.out == "shorter-prompt on route default begins at 2026-11-27 15:00:00 UTC\n"
    assert ran.err == "arms, of the users in it: control 50 %, candidate 50 %\n"


def test_an_arm_or_all_of_them_end(command: Command, service: ScriptedExperimentService) -> None:
    ran = command("end", "shorter-prompt", "--arm", "candidate", "--reason", "it abstains")

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "candidate has ended",
        "shorter-prompt on route default ended at 2026-11-28 15:00:00 UTC",
    ]
    request = service.calls[-1].request
    assert (request.name, request.arm, request.reason) == ("shorter-prompt", "candidate", "it abstains")
    assert command("end", "shorter-prompt", "--json").out.startswith('{"experiment"')


def test_one_that_there_is_not_fails(command: Command, service: ScriptedExperimentService) -> None:
    service.failures["EndExperiment"] = UNKNOWN

    ran = command("end", "longer-prompt")

    assert (ran.code, ran.out) == (4, "")
    assert "There is no such experiment, or it has no such arm" in ran.err
