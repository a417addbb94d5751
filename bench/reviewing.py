"""`python -m bench.reviewing`: how long a caller waits for its answer once a reviewer has approved it.

A server of its own, as `groundwire serve` starts it, with records in SQLite. The time is from sending the approval to
having the answer from `WaitOperation`, which another connection waits in; nothing else is asked of the server.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc.aio
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub

from bench.servers import server
from groundwire.v1.answer_service_pb2 import AnswerRequest
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import PutDocumentRequest
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire.v1.question_pb2 import Question
from groundwire.v1.review_service_pb2 import ApproveReviewRequest, ClaimReviewRequest
from groundwire.v1.review_service_pb2_grpc import ReviewServiceStub
from groundwire_server.cli.bench.latencies import percentiles

_ASKING = (("groundwire-tenant", "bench"), ("groundwire-subject", "caller"), ("groundwire-principals", "staff"))
_REVIEWING = (("groundwire-tenant", "bench"), ("groundwire-subject", "reviewer"), ("groundwire-principals", "staff"))
_SECONDS = 30.0
_TEXT = "A parcel waits in the mail room for two weeks."
_SETTLE = 0.02
"""Seconds in which the call that waits reaches the server."""


class Reviewing:
    """A caller and a reviewer, each with a connection of its own."""

    def __init__(self, asking: grpc.aio.Channel, reviewing: grpc.aio.Channel) -> None:
        self._answers: Any = AnswerServiceStub(asking)
        self._documents: Any = DocumentServiceStub(asking)
        self._operations = OperationsStub(asking)
        self._reviews: Any = ReviewServiceStub(reviewing)

    async def begin(self) -> None:
        """Store what is asked about."""
        document = Document(document_id="parcels", text=_TEXT, allowed_principals=["*"])
        await self._documents.PutDocument(PutDocumentRequest(document=document), metadata=_ASKING, timeout=_SECONDS)

    async def milliseconds(self, decisions: int) -> Sequence[float]:
        """Return the milliseconds from each of so many approvals to its answer."""
        return [await self._one() * 1000 for _ in range(decisions)]

    async def _one(self) -> float:
        request = AnswerRequest(question=Question(text="How long does a parcel wait in the mail room?"))
        waits = (await self._answers.Answer(request, metadata=_ASKING, timeout=_SECONDS)).outcome.in_review
        claim = ClaimReviewRequest(ticket=waits.ticket)
        await self._reviews.ClaimReview(claim, metadata=_REVIEWING, timeout=_SECONDS)
        waiting = asyncio.create_task(self._wait(waits.operation))
        await asyncio.sleep(_SETTLE)
        began = time.perf_counter()
        approve = ApproveReviewRequest(ticket=waits.ticket)
        await self._reviews.ApproveReview(approve, metadata=_REVIEWING, timeout=_SECONDS)
        return await waiting - began

    async def _wait(self, name: str) -> float:
        request = operations_pb2.WaitOperationRequest(name=name)
        operation = await self._operations.WaitOperation(request, metadata=_ASKING, timeout=_SECONDS)
        if not operation.done:
            raise RuntimeError("the operation was not completed in time")
        return time.perf_counter()


@asynccontextmanager
async def reviewing(folder: Path, core: int = 0) -> AsyncIterator[Reviewing]:
    """Yield a caller and a reviewer of a server, on one core, whose files are in a folder."""
    with TemporaryDirectory(dir=folder) as made:
        file = Path(made) / "groundwire.yaml"
        file.write_text(json.dumps(_configuration(Path(made))), encoding="utf-8")
        async with (
            server("groundwire_server", ["serve", "--config", str(file)], core) as running,
            grpc.aio.insecure_channel(running.address) as asking,
            grpc.aio.insecure_channel(running.address, [("grpc.use_local_subchannel_pool", 1)]) as deciding,
        ):
            both = Reviewing(asking, deciding)
            await both.begin()
            yield both


async def _measured(folder: Path, decisions: int) -> Sequence[float]:
    async with reviewing(folder) as both:
        await both.milliseconds(max(1, decisions // 10))
        return await both.milliseconds(decisions)


def _configuration(folder: Path) -> dict[str, Any]:
    return {
        "server": {"listen": "127.0.0.1:0"},
        "telemetry": {"log_level": "WARNING"},
        "records": {"url": f"sqlite:///{folder}/records.sqlite3"},
        "stores": {"main": {"kind": "embedded", "folder": str(folder / "store")}},
        "models": {"quoting": {"kind": "extractive"}},
        "routes": {
            "default": {"store": "main", "models": ["quoting"], "review": {"enabled": True, "always": True}},
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reviewing", description=__doc__)
    parser.add_argument("--decisions", type=int, default=200, help="reviews that are approved, one after the other")
    parser.add_argument("--folder", type=Path, default=Path(".groundwire/bench"), help="folder for the server's files")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    taken = asyncio.run(_measured(given.folder, given.decisions))
    shares = ", ".join(f"{name} {each:.1f} ms" for name, each in percentiles(taken).items())
    print(f"from approval to answer: {shares}")


if __name__ == "__main__":
    main()
