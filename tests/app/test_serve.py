"""The server as a process: what it prints, how it ends, and what it says when it cannot begin."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from groundwire.v1 import answer_service_pb2, question_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub

BESIDE = ("--listen", "127.0.0.1:0", "--no-local-embedder")


async def _serve(*arguments: str) -> Process:
    command = (sys.executable, "-m", "groundwire_server", "serve", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)


async def _address(process: Process) -> str:
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
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
        _, logged = await asyncio.wait_for(process.communicate(), 30)
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
    await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0


async def test_a_file_that_is_no_store_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").write_text("a text that somebody has put here, long enough to be a header" * 10)
    process = await _serve(*BESIDE, "--data", str(tmp_path))
    printed, logged = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 4
    assert printed == b""
    assert len(logged.splitlines()) == 1
    assert b"store.sqlite3 cannot be opened: SQLITE_NOTADB" in logged


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    process = await _serve(*BESIDE, "--data", str(tmp_path / "file" / "data"))
    _, logged = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert logged.decode() == f"groundwire: --data: stores.main.folder: {tmp_path / 'file'} is a file: name a folder\n"
