"""What the results lead to: exit codes, lines, and what a watch prints."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from groundwire_server.app.check_result import CheckResult
from groundwire_server.cli.doctor.report import code_of, summary, watching
from groundwire_server.cli.exits import ExitCode

OK = CheckResult.ok("store", "it is Weaviate 1.40.2")
WARN = CheckResult.warn("certificate", "it expires soon", "renew it")
FAIL = CheckResult.fail("store", "it does not answer", "start it")
AWAY = CheckResult.fail("tcp", "nothing answers", "start it")
SKIP = CheckResult.skip("credential", "none was given", "give one")
NOW = datetime(2026, 11, 26, 3, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("results", "plain", "strict"),
    [
        ([], ExitCode.OK, ExitCode.OK),
        ([OK], ExitCode.OK, ExitCode.OK),
        ([OK, WARN], ExitCode.OK, ExitCode.WARNED),
        ([OK, WARN, SKIP], ExitCode.INCOMPLETE, ExitCode.INCOMPLETE),
        ([FAIL, SKIP, WARN], ExitCode.FAILED, ExitCode.FAILED),
        ([FAIL, AWAY, SKIP], ExitCode.UNREACHABLE, ExitCode.UNREACHABLE),
    ],
)
def test_exit_codes(results: list[CheckResult], plain: ExitCode, strict: ExitCode) -> None:
    assert (code_of(results), code_of(results, strict=True)) == (plain, strict)


def test_the_summary_counts_each_state() -> None:
    assert summary([OK, OK, WARN, SKIP]) == "2 ok, 1 warn, 1 skip"


class Over(Exception):
    """The script of a watch has ended."""


@pytest.mark.parametrize("as_json", [False, True])
def test_a_watch_prints_what_has_changed(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    free = [CheckResult.ok("disk", f"{number}.5 GiB are free") for number in range(3)]
    rounds: Iterator[list[CheckResult]] = iter([[OK, free[0]], [OK, free[1]], [FAIL, free[2]], [OK, free[0]]])
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 4:
            raise Over

    with pytest.raises(Over):
        watching(lambda: next(rounds), 30.0, as_json=as_json, wait=wait, now=lambda: NOW)

    lines = capsys.readouterr().out.splitlines()
    assert waits == [30.0] * 4
    if as_json:
        printed = [json.loads(line) for line in lines]
        assert [each["message"] for each in printed] == [each.message for each in (OK, free[0], FAIL, OK)]
        assert {each["time"] for each in printed} == {"2026-11-26T03:00:07Z"}
        assert set(printed[0]) == {"time", "check", "state", "message", "advice"}
    else:
        assert lines == [
            "03:00:07 ok   store        it is Weaviate 1.40.2",
            "03:00:07 ok   disk         0.5 GiB are free",
            "03:00:07 fail store        it does not answer",
            "                           → start it",
            "03:00:07 ok   store        it is Weaviate 1.40.2",
        ]
