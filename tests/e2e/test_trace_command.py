"""`groundwire trace` draws what a server recorded."""

import json

import pytest

from groundwire.v1.report_pb2 import Stage
from groundwire_server.cli.exits import ExitCode
from groundwire_server.cli.main import run
from groundwire_server.cli.words import word
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.generator import ScriptedGenerator
from tests.doubles.jaeger import Jaeger, querying
from tests.e2e.calls import answer, ingest
from tests.e2e.conftest import Serve


@pytest.mark.parametrize(
    ("generator", "condition"),
    [
        (ScriptedGenerator(), ["--outcome", "answered", "--cause", "ANSWER_VALIDATED", "--tenant", "acme"]),
        (ScriptedGenerator([Failure(Cause.MODEL_TIMEOUT)]), ["--cause", "MODEL_TIMEOUT", "--route", "default"]),
    ],
)
async def test_the_trace_has_the_stages_of_the_report(
    serve: Serve,
    generator: ScriptedGenerator,
    condition: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    async with serve(generator) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        outcome = await answer(product, request_id="request-0001")
        jaeger = Jaeger()
        jaeger.add(product.spans.finished)
    with querying(jaeger) as url:
        monkeypatch.setenv("GROUNDWIRE_JAEGER", url)
        assert run(["trace", "find", *condition, "--json"]) == ExitCode.OK
        listed = json.loads(capfd.readouterr().out)
        assert run(["trace", "request-0001", "--json"]) == ExitCode.OK
        drawn = json.loads(capfd.readouterr().out)

    report = outcome.report
    assert listed["trace_id"] == drawn["trace_id"] == report.trace_id
    assert listed["outcome"] == outcome.WhichOneof("result")
    assert (listed["route"], listed["tenant"], listed["request_id"]) == (report.route, "acme", "request-0001")
    stages = [each for each in drawn["spans"] if each["depth"] == 0]
    assert [each["name"] for each in stages] == [
        f"groundwire.{word(Stage, each.stage).lower()}" for each in report.stages
    ]
    assert [each["attempt"] or 0 for each in stages] == [each.attempt for each in report.stages]
