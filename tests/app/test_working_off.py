"""`groundwire worker` as a process: what it works off, how it ends, and what it says when it cannot begin."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
import pytest
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub

from groundwire.v1 import answer_service_pb2, question_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub

pytestmark = pytest.mark.process

ACME = (("groundwire-tenant", "acme"),)
SECONDS = 60


async def _begin(*arguments: str) -> Process:
    env = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "groundwire_server", *arguments, stdout=PIPE, stderr=PIPE, env=env
    )


async def _first_line(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), SECONDS)).decode().rstrip()


async def _ended(process: Process) -> bytes:
    process.send_signal(signal.SIGTERM)
    _, logged = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 0, logged
    assert b"Traceback" not in logged
    return logged


@asynccontextmanager
async def _serving(config: Path) -> AsyncIterator[grpc.aio.Channel]:
    """A server that answers no queued question itself."""
    process = await _begin("serve", "--config", str(config), "--listen", "127.0.0.1:0")
    try:
        async with grpc.aio.insecure_channel((await _first_line(process)).split()[-1]) as channel:
            yield channel
    finally:
        await _ended(process)


async def _operation(channel: grpc.aio.Channel, name: str) -> operations_pb2.Operation:
    request = operations_pb2.GetOperationRequest(name=name)
    return await OperationsStub(channel).GetOperation(request, metadata=ACME, timeout=10)


def _config(folder: Path, queue: str = "{concurrent: 0, poll_seconds: 0.05}") -> Path:
    file = folder / "groundwire.yaml"
    file.write_text(f"stores: {{main: {{folder: {folder}/data, embedder: null}}}}\nqueue: {queue}\n")
    return file


@pytest.mark.slow
async def test_it_answers_what_a_server_has_accepted_and_ends_with_0(tmp_path: Path) -> None:
    config = _config(tmp_path)
    async with _serving(config) as channel:
        request = answer_service_pb2.SubmitAnswerRequest(question=question_pb2.Question(text="Is anybody there?"))
        accepted = await AnswerServiceStub(channel).SubmitAnswer(request, metadata=ACME, timeout=10)
    worker = await _begin("worker", "--config", str(config), "--concurrent", "2")
    assert await _first_line(worker) == "working off queued questions, 2 at once"
    assert worker.stderr is not None
    while True:
        line = json.loads(await asyncio.wait_for(worker.stderr.readline(), SECONDS))
        if line.get("operation") == accepted.name:
            break
    assert (line["operation_result"], line["outcome"]) == ("COMPLETED", "Abstained")
    assert b'"message": "draining"' in await _ended(worker)
    async with _serving(config) as channel:
        done = await _operation(channel, accepted.name)
        assert (done.name, done.done, done.WhichOneof("result")) == (accepted.name, True, "response")


async def test_it_leaves_an_embedded_store_to_the_server_that_has_it(tmp_path: Path) -> None:
    config = _config(tmp_path)
    async with _serving(config):
        worker = await _begin("worker", "--config", str(config))
        printed, logged = await asyncio.wait_for(worker.communicate(), SECONDS)
    assert (worker.returncode, printed) == (4, b"")
    said = logged.decode().splitlines()[-1]
    assert said.startswith("groundwire: cannot work off queued questions: another groundwire server (process ")
    assert said.endswith(
        "That server works off the queue itself (queue.concurrent); a worker beside it needs a store that processes "
        "can share, such as Weaviate"
    )


async def test_it_does_not_begin_without_a_queue(tmp_path: Path) -> None:
    worker = await _begin("worker", "--config", str(_config(tmp_path, "{enabled: false}")))
    _, logged = await asyncio.wait_for(worker.communicate(), SECONDS)
    assert worker.returncode == 4
    assert logged.decode() == (
        "groundwire: cannot work off queued questions: there is no queue: set queue.enabled and records.enabled\n"
    )
