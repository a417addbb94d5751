"""A server as it is run, with all that it lets anyone see: log, traces, metrics, statuses and trailing metadata."""

import io
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc.aio
from prometheus_client.openmetrics.exposition import generate_latest

from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.logs import QUIET, Logs, logging_to
from groundwire_server.app.serve import Running, running
from groundwire_server.telemetry.line_sums import LineKind, LineSums
from tests.doubles.canaries import SECOND_HALF, Canaries
from tests.doubles.configured import beside
from tests.doubles.otlp import Taken, grpc_receiver
from tests.doubles.time import system_clock_of_the_loop

if TYPE_CHECKING:
    from groundwire.v1.answer_service_pb2_grpc import AnswerServiceAsyncStub
    from groundwire.v1.document_service_pb2_grpc import DocumentServiceAsyncStub


class EveryLine(LineSums):
    """Leaves no line out."""

    def admit(self, kind: LineKind, most: int = 0) -> bool:
        return True


@dataclass
class Seen:
    """What can be seen of a server; it is complete when the server has ended."""

    log: io.StringIO = field(default_factory=io.StringIO)
    otlp: list[bytes] = field(default_factory=list)
    page: bytes = b""
    statuses: list[str] = field(default_factory=list)

    @property
    def all(self) -> dict[str, str | bytes]:
        return {
            "log": self.log.getvalue(),
            "OTLP": b"\n".join(self.otlp),
            "metrics": self.page,
            "statuses": "\n".join(self.statuses),
        }

    def leaks(self, canaries: Canaries, names: tuple[str, ...] = ()) -> set[str]:
        """Where which canaries are seen, but for those of places that end in a name that may be."""
        return {
            f"{where}: {place}"
            for where, written in self.all.items()
            for place in canaries.found_in(written)
            if not place.removesuffix(SECOND_HALF).endswith(names)
        }

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self.log.getvalue().splitlines())
        return [line for line in lines if line["logger"] == "groundwire.decisions"]


@dataclass
class Observed:
    """A running server."""

    channel: grpc.aio.Channel
    server: Running
    seen: Seen
    taken: Taken
    answers: "AnswerServiceAsyncStub" = field(init=False)
    documents: "DocumentServiceAsyncStub" = field(init=False)

    def __post_init__(self) -> None:
        self.answers = AnswerServiceStub(self.channel)
        self.documents = DocumentServiceStub(self.channel)

    async def call(
        self, make: Callable[..., Any], request: Any, metadata: Iterable[tuple[str, str | bytes]], seconds: float = 10.0
    ) -> list[Any]:
        """Make a call, and keep its status, its details and its metadata; return its responses."""
        call = make(request, metadata=tuple(metadata), timeout=seconds)
        responses = []
        try:
            if isinstance(call, grpc.aio.UnaryUnaryCall):
                responses.append(await call)
            else:
                responses.extend([response async for response in call])
        except grpc.aio.AioRpcError as error:
            self.seen.statuses += [repr(error), *traceback.format_exception(error)]
        # A document that is not stored has a status of its own.
        self.seen.statuses += [str(response.error) for response in responses if hasattr(response, "error")]
        self.seen.statuses += [
            str(await call.code()),
            str(await call.details()),
            *(repr(entry) for entry in await call.initial_metadata()),
            *(repr(entry) for entry in await call.trailing_metadata()),
        ]
        return responses


@asynccontextmanager
async def observed(
    folder: Path, sections: dict[str, Any], seen: Seen, embedder: str | None = None
) -> AsyncIterator[Observed]:
    """Run a server by these sections; what can be seen of it is complete when the context has been left."""
    file = folder / "groundwire.yaml"
    with grpc_receiver() as taken, _loggers_as_they_were(), logging_to(seen.log, "DEBUG", EveryLine(float)) as logs:
        telemetry = {
            "otlp": {"endpoint": f"http://127.0.0.1:{taken.port}", "timeout_seconds": 30},
            "log_level": "DEBUG",
        }
        file.write_text(json.dumps({"telemetry": telemetry, **sections}))
        sources = beside(folder / "data", embedder=embedder, file=file)
        if "stores" in sections:
            sources = Sources(file, {}, {"--listen": (("server", "listen"), "127.0.0.1:0")})
        with system_clock_of_the_loop():
            async with running(sources, load(sources), logs.sums) as server:
                _to_otlp(logs, server)
                async with grpc.aio.insecure_channel(server.address) as channel:
                    yield Observed(channel, server, seen, taken)
            seen.page = generate_latest(server.telemetry.metrics.registry)  # type: ignore[no-untyped-call]
        seen.otlp = [request.SerializeToString() for request in taken.requests]


def _to_otlp(logs: Logs, server: Running) -> None:
    assert server.telemetry.log_handler is not None
    logs.also(server.telemetry.log_handler)


@contextmanager
def _loggers_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in ("grpc", *QUIET))]
    handlers, levels = root.handlers[:], [logger.level for logger in loggers]
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
