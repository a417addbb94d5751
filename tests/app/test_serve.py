"""The server as a process: what it prints, how it ends, and what it says when it cannot begin."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from groundwire.v1 import answer_service_pb2, question_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire_server.edge import decision_log

pytestmark = pytest.mark.process

PATIENCE_SECONDS = 120.0
"""How long a process may take to start or to end on a busy machine."""

BESIDE = ("--listen", "127.0.0.1:0", "--no-local-embedder")


async def _serve(*arguments: str) -> Process:
    command = (sys.executable, "-m", "groundwire_server", "serve", *arguments)
    # The Weaviate client, which other tests import, sets it for whatever this process starts.
    env = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env=env)


async def _address(process: Process) -> str:
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)).decode()
    assert line.startswith("listening on ")
    return line.split()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_ends_with_0(tmp_path: Path, number: signal.Signals) -> None:
    process = await _serve(*BESIDE, "--data", str(tmp_path))
    async with grpc.aio.insecure_channel(await _address(process)) as channel:
        health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        request = answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="Is anybody there?"))
        metadata = (("groundwire-tenant", "acme"),)
        response = await AnswerServiceStub(channel).Answer(request, metadata=metadata, timeout=10)
        assert response.outcome.WhichOneof("result") == "abstained"
        process.send_signal(number)
        _, logged = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 0
    assert b'"message": "draining"' in logged
    assert b"Traceback" not in logged


async def test_a_collector_that_is_down_holds_nothing_up(tmp_path: Path) -> None:
    process = await _serve(*BESIDE, "--data", str(tmp_path), "--otlp-endpoint", "http://127.0.0.1:1")
    async with grpc.aio.insecure_channel(await _address(process)) as channel:
        request = answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="Is anybody there?"))
        metadata = (("groundwire-tenant", "acme"),)
        await AnswerServiceStub(channel).Answer(request, metadata=metadata, timeout=10)
    process.send_signal(signal.SIGTERM)
    # An end that waits for the collector takes 37 seconds.
    await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0


async def test_a_file_that_is_no_store_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").write_text("a text that somebody has put here, long enough to be a header" * 10)
    process = await _serve(*BESIDE, "--data", str(tmp_path))
    printed, logged = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 4
    assert printed == b""
    assert len(logged.splitlines()) == 1
    assert b"store.sqlite3 cannot be opened: SQLITE_NOTADB" in logged


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    process = await _serve(*BESIDE, "--data", str(tmp_path / "file" / "data"))
    _, logged = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 2
    assert logged.decode() == f"groundwire: --data: stores.main.folder: {tmp_path / 'file'} is a file: name a folder\n"


async def _line(process: Process) -> dict[str, str]:
    """The next line of the log."""
    assert process.stderr is not None
    while True:
        line: dict[str, str] = json.loads(await asyncio.wait_for(process.stderr.readline(), PATIENCE_SECONDS))
        if line["logger"] != decision_log.LOGGER:
            return line


def _configuration(route: str) -> str:
    return f"routes: {{{route}: {{models: [extractive], store: main}}}}\n"


@pytest.mark.parametrize("signalled", [True, False], ids=["sighup", "by-itself"])
async def test_a_changed_file_is_put_into_force_and_a_broken_one_is_not(tmp_path: Path, signalled: bool) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(_configuration("default"))

    def write(text: str) -> None:
        file.write_text(text)
        if signalled:
            process.send_signal(signal.SIGHUP)

    process = await _serve(*BESIDE, "--config", str(file), "--data", str(tmp_path))
    request = answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="Anybody?", route="faq"))
    metadata = (("groundwire-tenant", "acme"),)
    async with grpc.aio.insecure_channel(await _address(process)) as channel:
        answers = AnswerServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError):
            await answers.Answer(request, metadata=metadata, timeout=10)
        write("routes: [\n")
        line = await _line(process)
        assert line["message"] == "the new configuration is invalid; the old one stays in use"
        assert line["why"].startswith(f"{file}:2: this is not YAML: ")
        with pytest.raises(grpc.aio.AioRpcError):
            await answers.Answer(request, metadata=metadata, timeout=10)
        write(_configuration("faq"))
        line = await _line(process)
        while line["message"] != "the new configuration is in use":
            # The watch sees by itself, and later, what a signal has had read already.
            assert line["message"] == "the new configuration is invalid; the old one stays in use"
            line = await _line(process)
        response = await answers.Answer(request, metadata=metadata, timeout=10)
        assert response.outcome.report.route == "faq"
        process.send_signal(signal.SIGTERM)
        _, logged = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 0
    assert b"Traceback" not in logged


async def test_a_signal_to_read_again_ends_no_server_that_has_no_file(tmp_path: Path) -> None:
    process = await _serve(*BESIDE, "--data", str(tmp_path))
    await _address(process)
    process.send_signal(signal.SIGHUP)
    assert (await _line(process))["message"] == "the configuration has not changed"
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 0


async def test_a_port_that_is_taken_is_refused_in_one_line(tmp_path: Path) -> None:
    first = await _serve(*BESIDE, "--data", str(tmp_path / "a"))
    address = await _address(first)
    second = await _serve("--listen", address, "--no-local-embedder", "--data", str(tmp_path / "b"))
    printed, logged = await asyncio.wait_for(second.communicate(), PATIENCE_SECONDS)
    first.send_signal(signal.SIGTERM)
    await asyncio.wait_for(first.communicate(), PATIENCE_SECONDS)
    assert (second.returncode, printed) == (4, b"")
    assert len(logged.splitlines()) == 1
    assert logged.decode().startswith(f"groundwire: cannot serve at {address}: ")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("server: [1\n", ["{file}:2: this is not YAML: expected ',' or ']', but got '<stream end>'"]),
        ("server: {lisen: x}\ncorpus: docs\n", ["{file}:1: server.lisen: ", "{file}:2: corpus: "]),
        ("server: {tls: {certificate: tls.crt}}\n", ["{file}:1: server.tls: the certificate tls.crt cannot be read: "]),
    ],
)
async def test_a_server_does_not_start_with_a_configuration_that_is_wrong(
    tmp_path: Path, text: str, lines: list[str]
) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(text)
    process = await _serve(*BESIDE, "--config", str(file), "--data", str(tmp_path))
    printed, logged = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert (process.returncode, printed) == (2, b"")
    found = logged.decode().splitlines()
    assert len(found) == len(lines)
    assert all(
        line.startswith(f"groundwire: {each.format(file=file)}") for line, each in zip(found, lines, strict=True)
    )
