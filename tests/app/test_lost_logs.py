"""A server whose log cannot be written goes on answering, and ends in time."""

import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.request import urlopen

import grpc.aio
import pytest

from groundwire.v1 import answer_service_pb2, question_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub

pytestmark = pytest.mark.process

ANSWERS = 300
"""Whose lines are more than a pipe holds."""
PATIENCE_SECONDS = 120.0
"""How long a process may take to start or to end on a busy machine."""
CONFIGURATION = (
    "telemetry: {{decisions: {{ordinary: 100000, notable: 100000}}, prometheus_listen: '127.0.0.1:{port}'}}\n"
)


@asynccontextmanager
async def serving(folder: Path, stderr: int) -> AsyncIterator[tuple[Process, str]]:
    """A server that logs to a file descriptor."""
    file = folder / "groundwire.yaml"
    file.write_text(CONFIGURATION.format(port=_free_port()))
    command = (sys.executable, "-m", "groundwire_server", "serve", "--config", str(file), "--no-local-embedder")
    place = ("--listen", "127.0.0.1:0", "--data", str(folder / "data"))
    process = await asyncio.create_subprocess_exec(*command, *place, stdout=PIPE, stderr=stderr)
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)
        yield process, line.decode().split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answered(address: str) -> None:
    """Ask many questions; all are answered."""
    request = answer_service_pb2.AnswerRequest(question=question_pb2.Question(text="Is anybody there?"))
    async with grpc.aio.insecure_channel(address) as channel:
        for _ in range(ANSWERS):
            metadata = (("groundwire-tenant", "acme"),)
            response = await AnswerServiceStub(channel).Answer(request, metadata=metadata, timeout=10)
            assert response.outcome.WhichOneof("result") == "abstained"


async def test_a_full_disk_costs_no_answer(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        async with serving(tmp_path, full) as (process, address):
            await answered(address)
            while await _lost(tmp_path) < ANSWERS:  # noqa: ASYNC110  # another process counts
                await asyncio.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)
    finally:
        os.close(full)
    assert process.returncode == 0


async def test_a_reader_that_stops_costs_no_answer_and_holds_no_end_up(tmp_path: Path) -> None:
    unread, written = os.pipe()
    try:
        async with serving(tmp_path, written) as (process, address):
            await answered(address)
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)
    finally:
        os.close(unread)
        os.close(written)
    assert process.returncode == 0


async def test_a_reader_that_leaves_costs_no_answer(tmp_path: Path) -> None:
    unread, written = os.pipe()
    try:
        async with serving(tmp_path, written) as (process, address):
            os.close(unread)
            await answered(address)
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)
    finally:
        os.close(written)
    assert process.returncode == 0


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _lost(folder: Path) -> float:
    """How many lines the page of metrics says that nobody took."""
    page = re.search(r"prometheus_listen: '(.*?)'", (folder / "groundwire.yaml").read_text())
    assert page is not None
    with await asyncio.to_thread(urlopen, f"http://{page[1]}/metrics", timeout=30) as response:
        found = re.search(r'telemetry_dropped_total{.*error_type="NOT_WRITTEN".*} (.*)', response.read().decode())
    return 0.0 if found is None else float(found[1])
