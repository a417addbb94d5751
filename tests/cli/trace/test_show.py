"""`groundwire trace ID`."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from groundwire_server.cli.trace.record import CallRecord
from groundwire_server.telemetry import names
from tests.cli.conftest import Ran
from tests.cli.trace.recorded import Recording, fallback
from tests.doubles.certificates import Authority
from tests.doubles.jaeger import Jaeger, Reply
from tests.doubles.spans import Spans
from tests.doubles.tls import showing

Command = Callable[..., Ran]
BEGAN = 1_764_178_200_000_000_000
SECRET = "Bearer canary-5f0c9a1be37d"


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize("width", [60, 100])
def test_a_trace_is_drawn(
    groundwire_command: Command,
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    jaeger: Jaeger,
    width: int,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    call = fallback(BEGAN)
    jaeger.add(call.exported)

    ran = groundwire_command("trace", call.trace_id.upper())

    assert (ran.code, ran.err) == (0, "")
    lines = [line.rstrip().replace(call.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736") for line in ran.out.splitlines()]
    assert all(len(line) <= width for line in lines)
    golden(f"trace-{width}", "\n".join(lines) + "\n")


@pytest.mark.usefixtures("url")
def test_a_trace_is_printed_as_json(groundwire_command: Command, jaeger: Jaeger) -> None:
    call = fallback(BEGAN)
    jaeger.add(call.exported)

    ran = groundwire_command("trace", "--json", call.trace_id)

    (line,) = ran.out.splitlines()
    printed = json.loads(line)
    assert set(printed) == {*(each.name for each in fields(CallRecord)), "spans"}
    assert (printed["outcome"], printed["cause"], printed["action"]) == ("degraded", "MODEL_UNAVAILABLE", "NEXT_MODEL")
    assert (printed["input_tokens"], printed["output_tokens"], printed["cost_micros"]) == (812, 64, 1250)
    assert (printed["milliseconds"], printed["first_token_milliseconds"]) == (1000.0, 600.0)
    assert printed["start"] == "2025-11-26T17:30:00.000Z"
    assert [(each["name"], each["depth"]) for each in printed["spans"]][:2] == [
        ("groundwire.retrieve", 0),
        ("search.hybrid Passages", 1),
    ]


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize("request_id", ["order-7.question_2", "0af7651916cd43dd8448eb211c80319c"])
def test_a_trace_is_found_by_its_request_id(groundwire_command: Command, jaeger: Jaeger, request_id: str) -> None:
    wanted = Recording().end(5, "Answered", "ANSWER_VALIDATED", "ANSWER", **{names.REQUEST_ID: request_id})
    other = Recording().end(5, "Answered", "ANSWER_VALIDATED", "ANSWER", **{names.REQUEST_ID: "another-one"})
    jaeger.add([*wanted.exported, *other.exported])

    ran = groundwire_command("trace", request_id, "--json")

    assert ran.code == 0
    assert [json.loads(line)["trace_id"] for line in ran.out.splitlines()] == [wanted.trace_id]


@pytest.mark.usefixtures("url")
def test_each_call_of_a_trace_is_drawn_with_its_own_spans(groundwire_command: Command, jaeger: Jaeger) -> None:
    spans = Spans()
    caller = spans.tracer.start_span("checkout")
    calls = [Recording(BEGAN + number, spans=spans, caller=caller) for number in (1, 2)]
    for number, call in enumerate(calls):
        call.span(f"groundwire.stage{number}", 1, 2)
        call.end(5, "Answered", "ANSWER_VALIDATED", "ANSWER")
    caller.end()
    jaeger.add(spans.finished)

    ran = groundwire_command("trace", calls[0].trace_id, "--json")

    printed = [json.loads(line) for line in ran.out.splitlines()]
    assert [[span["name"] for span in each["spans"]] for each in printed] == [
        ["groundwire.stage0"],
        ["groundwire.stage1"],
    ]


@pytest.mark.usefixtures("url")
def test_a_call_that_is_still_running_is_drawn_as_far_as_it_is_known(
    groundwire_command: Command, jaeger: Jaeger
) -> None:
    call = fallback(BEGAN)
    jaeger.add(call.exported[:-1])

    ran = groundwire_command("trace", call.trace_id)

    assert ran.code == 0
    assert "the call's own span is not there" in " ".join(ran.out.split())
    assert "generate 2" in ran.out


@pytest.mark.usefixtures("url")
def test_a_trace_may_be_deep_and_hold_spans_twice(groundwire_command: Command, jaeger: Jaeger) -> None:
    call = Recording()
    below = call.span("groundwire.generate", 1, 2)
    for _ in range(1500):
        below = call.span("deeper", 1, 2, within=below)
    call.end(5, "Answered", "ANSWER_VALIDATED", "ANSWER")
    jaeger.add([*call.exported, *call.exported])

    ran = groundwire_command("trace", call.trace_id, "--json")

    assert ran.code == 0
    assert [each["depth"] for each in json.loads(ran.out)["spans"]] == list(range(1501))


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("identifier", "code", "says"),
    [
        ("short", 2, "is not an id"),
        ("../api/services", 2, "is not an id"),
        ("0" * 31 + "1", 1, "arrives seconds after"),
        ("unknown-request", 1, "sampled out"),
    ],
)
def test_an_id_that_leads_to_nothing(
    groundwire_command: Command, jaeger: Jaeger, identifier: str, code: int, says: str
) -> None:
    jaeger.add(fallback().exported)

    ran = groundwire_command("trace", identifier)

    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.usefixtures("url")
def test_a_jaeger_that_the_server_sends_nothing_to(groundwire_command: Command) -> None:
    ran = groundwire_command("trace", "0" * 31 + "1")

    assert ran.code == 1
    assert "no trace at all of the service groundwire: set telemetry.otlp.endpoint" in ran.err


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ((404, "404 page not found"), "is not Jaeger's query API (HTTP status 404)"),
        ((200, "<!doctype html><title>Jaeger UI</title>"), "is not Jaeger's query API (HTTP status 200)"),
        ((302, ""), "is not Jaeger's query API (HTTP status 302)"),
        ((401, "{}"), "rejects the request with HTTP status 401: give --jaeger-auth-file"),
        ((403, "forbidden"), "rejects the request with HTTP status 403"),
        ((400, '{"error":{"httpCode":400,"message":"malformed\\u001b[31m parameter"}}'), "(malformed�[31m parameter)"),
        ((500, '{"error":{"httpCode":500,"message":"no shard"}}'), "HTTP status 500 (no shard): its own log says more"),
        ((200, '{"result":{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}}'), "in an unknown form"),
        ((200, '{"result":[]}'), "in an unknown form"),
        ((200, '{"result":{"resourceSpans":[7]}}'), "in an unknown form"),
        ((200, "[]"), "is not Jaeger's query API"),
    ],
)
def test_replies_that_are_no_trace(groundwire_command: Command, jaeger: Jaeger, reply: Reply, says: str) -> None:
    jaeger.reply = reply

    ran = groundwire_command("trace", "0" * 31 + "1")

    assert (ran.code, ran.out) == (4, "")
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("address", "code", "says"),
    [
        (
            "http://127.0.0.1:1",
            3,
            "no Jaeger at http://127.0.0.1:1 (Connection refused): start it, or give its address",
        ),
        ("http://groundwire.invalid", 3, "unknown host"),
        ("127.0.0.1:16686", 2, "must be a URL, such as http://127.0.0.1:16686"),
        ("http://127.0.0.1:99999", 2, "must be a URL"),
        ("ftp://127.0.0.1", 2, "must be a URL"),
        ("http://operator:canary-5f0c9a1be37d@127.0.0.1:1", 2, "neither user nor password"),
    ],
)
def test_addresses_where_no_jaeger_is(groundwire_command: Command, address: str, code: int, says: str) -> None:
    ran = groundwire_command("trace", "0" * 31 + "1", "--jaeger", address)

    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err
    assert "canary" not in ran.err


@pytest.mark.usefixtures("url")
def test_the_first_text_is_known_for_every_model(groundwire_command: Command, jaeger: Jaeger) -> None:
    call = Recording().end(50, "Answered", "ANSWER_VALIDATED", "ANSWER", **{names.FIRST_TEXT: 0.031})
    jaeger.add(call.exported)

    ran = groundwire_command("trace", call.trace_id, "--json")

    assert json.loads(ran.out)["first_token_milliseconds"] == 31.0


def test_a_certificate_that_is_not_trusted(groundwire_command: Command, tmp_path: Path) -> None:
    certificate, key = Authority().issue(dns=["localhost"]).write(tmp_path)
    with showing(certificate, key) as port:
        ran = groundwire_command("trace", "0" * 31 + "1", "--jaeger", f"https://localhost:{port}")

    assert ran.code == 3
    assert "is not trusted: name its authority in the variable SSL_CERT_FILE" in ran.err


def test_a_credential_is_sent_and_never_printed(
    groundwire_command: Command, jaeger: Jaeger, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "authorization"
    file.write_text(SECRET + "\n")
    jaeger.reply = (401, SECRET)

    ran = groundwire_command("trace", "0" * 31 + "1", "--jaeger-auth-file", str(file))
    elsewhere = groundwire_command(
        "trace", "0" * 31 + "1", "--jaeger", "http://jaeger.example.com", "--jaeger-auth-file", str(file)
    )

    assert jaeger.authorizations == [SECRET]
    assert ran.code == 4
    assert elsewhere.code == 2
    assert "no credential is sent to jaeger.example.com over an unencrypted connection" in elsewhere.err
    assert "canary" not in ran.out + ran.err + elsewhere.err
