"""`groundwire trace` draws what a server recorded, from the double of Jaeger and from Jaeger itself."""

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from groundwire.v1.cause_pb2 import Cause as CauseOfContract
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

JAEGER = os.environ.get("GROUNDWIRE_TEST_JAEGER_URL", "")
"""The query API of a running Jaeger, such as http://127.0.0.1:16686."""
OTLP = os.environ.get("GROUNDWIRE_TEST_JAEGER_OTLP", "127.0.0.1:4317")
"""Where that Jaeger takes spans, over OTLP gRPC."""
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_TRIES = 1000

Printed = Callable[..., Sequence[dict[str, Any]]]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Printed:
    """What `groundwire trace … --json` prints."""
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)

    def call(url: str, *arguments: str) -> Sequence[dict[str, Any]]:
        code = run(["trace", *arguments, "--json", "--jaeger", url])
        out = capfd.readouterr().out
        assert code == ExitCode.OK
        return [json.loads(line) for line in out.splitlines()]

    return call


@pytest.mark.parametrize(
    ("generator", "condition"),
    [
        (ScriptedGenerator(), ["--outcome", "answered", "--cause", "ANSWER_VALIDATED", "--tenant", "acme"]),
        (ScriptedGenerator([Failure(Cause.MODEL_TIMEOUT)]), ["--cause", "MODEL_TIMEOUT", "--route", "default"]),
    ],
)
async def test_the_trace_has_the_stages_of_the_report(
    serve: Serve, printed: Printed, generator: ScriptedGenerator, condition: list[str]
) -> None:
    jaeger = Jaeger()
    async with serve(generator) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        outcome = await answer(product, request_id="request-0001")
        jaeger.add(product.spans.finished)
    with querying(jaeger) as url:
        (listed,) = printed(url, "find", *condition)
        (drawn,) = printed(url, "request-0001")

    report = outcome.report
    assert listed["trace_id"] == drawn["trace_id"] == report.trace_id
    assert listed["outcome"] == outcome.WhichOneof("result")
    assert (listed["route"], listed["tenant"], listed["request_id"]) == (report.route, "acme", "request-0001")
    stages = [each for each in drawn["spans"] if each["depth"] == 0]
    assert [each["name"] for each in stages] == [
        f"groundwire.{word(Stage, each.stage).lower()}" for each in report.stages
    ]
    assert [each["attempt"] or 0 for each in stages] == [each.attempt for each in report.stages]


@pytest.mark.skipif(not JAEGER, reason="GROUNDWIRE_TEST_JAEGER_URL names no running Jaeger")
async def test_jaeger_itself_says_the_same_as_its_double(
    serve: Serve, printed: Printed, capfd: pytest.CaptureFixture[str]
) -> None:
    double = Jaeger()
    async with serve(ScriptedGenerator([Failure(Cause.MODEL_UNAVAILABLE)])) as product:
        outcome = await answer(product)
        double.add(product.spans.finished)
    with grpc.insecure_channel(OTLP) as channel:
        export: Any = channel.unary_unary(EXPORT, ExportTraceServiceRequest.SerializeToString)
        export(ExportTraceServiceRequest(resource_spans=double.held), timeout=10)
    report = outcome.report
    asked = (
        (report.trace_id,),
        (report.request_id,),
        ("find", "--cause", word(CauseOfContract, outcome.cause), "--limit", "1"),
        ("find", "--tenant", "acme", "--slower-than", "1ms", "--last", "1h", "--limit", "1"),
    )
    # Jaeger stores spans after it has answered.
    assert any(run(["trace", report.trace_id, "--jaeger", JAEGER]) == ExitCode.OK for _ in range(_TRIES))
    capfd.readouterr()

    with querying(double) as url:
        for arguments in asked:
            assert printed(JAEGER, *arguments) == printed(url, *arguments)


@pytest.mark.skipif(not JAEGER, reason="GROUNDWIRE_TEST_JAEGER_URL names no running Jaeger")
@pytest.mark.parametrize(
    ("url", "arguments", "code", "says"),
    [
        (JAEGER, ["0" * 31 + "1"], ExitCode.INCOMPLETE, "Jaeger has no trace"),
        (f"{JAEGER}/elsewhere", ["0" * 31 + "1"], ExitCode.FAILED, "is not Jaeger's query API (HTTP status 200)"),
        (f"http://{OTLP}", ["0" * 31 + "1"], ExitCode.FAILED, "is not Jaeger's query API"),
    ],
)
def test_what_jaeger_does_not_have(
    capfd: pytest.CaptureFixture[str], url: str, arguments: list[str], code: ExitCode, says: str
) -> None:
    ended = run(["trace", *arguments, "--jaeger", url])

    assert ended == code
    assert says in capfd.readouterr().err
