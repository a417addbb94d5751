"""Callers in Go, Java and TypeScript, from the copy of the contract for callers alone, against a server process."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from groundwire import Client
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from tests.callers import toolchains
from tests.doubles.upstream import Reply, Stall, Until, Upstream, upstream
from tests.e2e.calls import ingest
from tests.e2e.generation.conftest import ROUTE, model, provider
from tests.e2e.generation.drafts import chunk, segments, writes

pytestmark = [pytest.mark.callers, pytest.mark.process, pytest.mark.slow]

FIRST = "In Zürich 🙂 parcels are signed for at the front desk."
SECOND = "Lost parcels are kept in Sàn Marco 🇸🇲 for thirty days."
TEXT = f"{FIRST} {SECOND}"
SECONDS = 60
EXPERIMENT = """
name: new-prompt
route: default
arms:
- {name: control, weight: 50}
- {name: candidate, weight: 50}
"""


@pytest.fixture
def first_half() -> list[bytes]:
    """What a model has written when its first segment can be checked."""
    pieces = segments(FIRST, SECOND)
    cut = next(n for n in range(len(pieces)) if SECOND in "".join(pieces[: n + 1]))
    return [chunk("", role="assistant"), *(chunk(piece) for piece in pieces[:cut])]


@asynccontextmanager
async def serving(double: Upstream, folder: Path) -> AsyncIterator[str]:
    """A server process with one model and one store; a second store embeds where nobody answers."""
    config = {
        "server": {"listen": "127.0.0.1:0"},
        "providers": {"cloud": provider(double), "down": provider("http://127.0.0.1:1/v1")},
        "models": {"large": model(retry={"max_attempts": 1})},
        "embedders": {"down": {"kind": "openai", "provider": "down", "model": "e", "dimensions": 256}},
        "stores": {
            "main": {"kind": "embedded", "folder": str(folder / "main"), "embedder": None},
            "vectors": {"kind": "embedded", "folder": str(folder / "vectors"), "embedder": "down"},
        },
        "corpus": "main",
        "prompts": {"managed_by": "acme"},
        "routes": {
            "default": {**ROUTE, "models": ["large"], "context": {"caller": {"source": "caller"}}},
            "vectors": {**ROUTE, "models": ["large"], "store": "vectors"},
        },
    }
    file = folder / "groundwire.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    command = (sys.executable, "-m", "groundwire_server", "serve", "--config", str(file))
    env = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env=env)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), SECONDS)).decode()
        if not line.startswith("listening on "):
            raise AssertionError((await process.communicate())[1].decode())
        yield line.split()[-1]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.communicate(), SECONDS)


@pytest.mark.parametrize("build", [toolchains.go, toolchains.typescript], ids=["Go", "TypeScript"])
async def test_a_caller_asks_streams_reads_errors_cancels_and_resumes(
    build: Callable[[], list[str]], tmp_path: Path, first_half: list[bytes]
) -> None:
    command = build()
    lost = asyncio.Event()
    whole = Reply(writes(*segments(FIRST, SECOND)))
    rest = writes(*segments(FIRST, SECOND))[len(first_half) :]
    replies = [
        whole,  # asks
        whole,  # streams
        Reply([*first_half, Stall()]),  # cancels
        Reply([*first_half, Until(lost), *rest]),  # resumes
        Reply([*first_half, Stall()]),  # ends
    ]
    async with upstream(*replies) as double, serving(double, tmp_path) as address:
        async with grpc.aio.insecure_channel(address) as channel:
            product: Any = type("Product", (), {"documents": DocumentServiceStub(channel)})
            await ingest(product, ("handbook", TEXT))
        async with Client(address, tenant="acme") as operator:
            await operator.apply_experiment(EXPERIMENT)
        steps = {}
        async for step in _steps(command, address):
            steps[step.pop("step")] = step
            if "loses" in steps:
                lost.set()
        abandoned = [request.abandoned for request in double.requests]
        known = [b"plan = pro" in request.body for request in double.requests]
    assert steps["asks"].pop("arm") in {"new-prompt/control", "new-prompt/candidate"}
    assert steps == {
        "describes": {"tenant": "acme", "documentBytes": 3_900_000, "routes": ["default", "vectors"]},
        "asks": {
            "nextStep": "NEXT_STEP_SHOW",
            "weakest": "VERDICT_VERBATIM",
            "verified": True,
            "text": TEXT,
            "cited": [FIRST, SECOND],
            "verdicts": ["VERDICT_VERBATIM", "VERDICT_VERBATIM"],
            "usage": 812,
            "prompt": "answer",
        },
        "streams": {"text": TEXT, "final": TEXT},
        "invalid": {
            "code": code(grpc.StatusCode.INVALID_ARGUMENT),
            "reason": "INVALID_REQUEST",
            "domain": "groundwire.io",
            "metadata": {"violations": "2"},
            "fields": ["question.route", "question.text"],
        },
        "unavailable": {
            "code": code(grpc.StatusCode.UNAVAILABLE),
            "reason": "EMBEDDER_UNAVAILABLE",
            "domain": "groundwire.io",
            "metadata": {"cause": "EMBEDDER_UNAVAILABLE"},
            "retryAfterMs": 1000,
            "pushbackMs": "1000",
        },
        "unoffered": {
            "code": code(grpc.StatusCode.UNIMPLEMENTED),
            "reason": "FEATURE_NOT_OFFERED",
            "domain": "groundwire.io",
            "metadata": {"feature": "WEBHOOKS"},
        },
        "checks": {"verdicts": ["VERDICT_VERBATIM", "VERDICT_UNSUPPORTED"], "verified": False},
        "cancels": {"code": code(grpc.StatusCode.CANCELLED)},
        "loses": {"text": FIRST},
        "resumes": {"skipped": 0, "text": TEXT, "final": TEXT},
        "ends": {
            "cancelled": True,
            "code": code(grpc.StatusCode.CANCELLED),
            "reason": "CANCELLED",
            "domain": "groundwire.io",
            "metadata": {"request_id": "caller-1-ends"},
        },
    }
    assert abandoned == [False, False, True, False, True]
    assert known == [True, False, False, False, False]


def code(status: grpc.StatusCode) -> int:
    number: int = status.value[0]
    return number


async def _steps(command: list[str], address: str) -> AsyncIterator[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(*command, address, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            async for line in process.stdout:
                yield json.loads(line)
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, said.decode()


def test_the_contract_compiles_in_java() -> None:
    classes = toolchains.java()
    for name in ("AnswerServiceGrpc", "Outcome", "OutcomeProto", "ReviewServiceGrpc", "Verdict"):
        assert (classes / "io" / "groundwire" / "v1" / f"{name}.class").exists()
    assert (classes / "example" / "Caller.class").exists()
