"""Whatever callers and dependencies say, the number of series stays bounded."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from prometheus_client import generate_latest

from groundwire.v1 import answer_service_pb2, question_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire_server.app.serve import Running
from tests.doubles.upstream import Reply, upstream
from tests.e2e.calls import answer, ingest
from tests.e2e.generation.conftest import one_model
from tests.e2e.generation.drafts import DOCUMENTS, answers, chunk
from tests.e2e.telemetry.serving import Stubs, serving

TENANTS = 20
"""Told apart; the first wave holds more."""
WAVE = 1000


@pytest.mark.slow
async def test_names_that_callers_choose_make_no_series(tmp_path: Path) -> None:
    async with serving(tmp_path, {"telemetry": {"tenants_in_metrics": TENANTS}}) as server:
        await _wave(server, "first")
        before = _series(server)
        await _wave(server, "second")
        # While it runs: gauges end with what they are read from.
        assert _series(server) == before > 0


async def _wave(server: Running, name: str) -> None:
    async with grpc.aio.insecure_channel(server.address) as channel:
        ask = AnswerServiceStub(channel)
        for number in range(WAVE):
            word = f"{name}-{number:04}"
            metadata = (
                ("groundwire-tenant", word),
                ("groundwire-subject", word),
                ("groundwire-principals", word),
                ("user-agent", word),
            )
            asked = question_pb2.Question(text="Is anybody there?", end_user_id=word)
            await ask.Answer(answer_service_pb2.AnswerRequest(question=asked, request_id=word), metadata=metadata)
            asked.route = word
            await _failed(ask.Answer(answer_service_pb2.AnswerRequest(question=asked), metadata=metadata))
            for method in (f"/groundwire.v1.AnswerService/{word}", f"/groundwire.v1.{word}/Answer", f"/{word}/{word}"):
                make = channel.unary_unary(method, request_serializer=bytes, response_deserializer=bytes)
                await _failed(make(b"", metadata=metadata))


async def _failed(call: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await call


@pytest.mark.slow
async def test_what_a_provider_answers_makes_no_series(tmp_path: Path) -> None:
    async with upstream(answers()) as double:
        sections = one_model(double, retry={"max_attempts": 1}, breaker={"min_calls": 10_000})
        async with serving(tmp_path, sections) as server, grpc.aio.insecure_channel(server.address) as channel:
            await ingest(Stubs(channel), *DOCUMENTS)
            counts = []
            for wave in ("first", "second"):
                for reply in _odd(wave):
                    double.replies[:] = [reply]
                    await answer(Stubs(channel))
                counts.append(_series(server))
    assert counts[0] == counts[1]


def _odd(wave: str) -> Iterator[Reply]:
    """Statuses, reasons and kinds of errors that nobody knows."""
    for number in range(100):
        word = f"{wave}-{number}"
        said = json.dumps({"error": {"type": word, "code": word, "message": word}}).encode()
        yield Reply([said], f"{500 + number} {word}")
        yield Reply([said], f"500 {word}")
        yield Reply([chunk(reason=word)])
        yield Reply([chunk(word, reason="stop")])


def _series(server: Running) -> int:
    page = generate_latest(server.telemetry.metrics.registry).decode()
    return sum(1 for line in page.splitlines() if line.startswith(("groundwire", "rpc", "gen_ai", "db")))
