"""The product with a canned generator, or with models of a provider; all else is what `groundwire serve` runs.

`python -m bench.product --data FOLDER [--no-embedder] [--otlp http://HOST:PORT] [--upstream HOST:PORT]` prints the
address; `--weaviate HTTP_PORT,GRPC_PORT` in place of `--data` searches there by keywords. With an upstream there is a
route for each of its ways. `--quoting` has the default route quote, `--places` is how many calls are let in at once,
and `--calls` how many are worked on at once, without any that wait. With `--records FOLDER` questions are accepted for
later, and nothing works them off. With `--gateway HOST:PORT` the same calls are served over HTTP there.
With `--redis URL` earlier answers are kept there, and limits counted. On SIGUSR1 it exports what it has recorded and
prints `settled`.
"""

import argparse
import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

import uvloop

from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.app import compose
from groundwire_server.app.access import NO_AUTHENTICATION
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration, records_options
from groundwire_server.app.gateway import open_gateway
from groundwire_server.app.heartbeat import heartbeat
from groundwire_server.app.logs import logging_to
from groundwire_server.app.memory import settle_garbage_collection
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.queue import open_queue
from groundwire_server.app.parts.records import open_records
from groundwire_server.app.parts.shared import Shared, TenantWeights
from groundwire_server.app.telemetry.setup import Telemetry, telemetry
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Usage
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.recording import Recording

SCARCE = 4
"""Calls at once of the model that is scarce."""
SHARED = 8
"""Calls at once of a model of which a slot can be kept free for others than the tenant that has the rest."""

WAYS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "burst": {},
        "paced": {},
        "open": {"bounds": {"silence_seconds": 600}},
        "document": {"model": "burst", "whole_document": True},
        "scarce": {"model": "slow", "concurrency": {"max_concurrent": SCARCE}},
        "shared": {"model": "slow", "concurrency": {"max_concurrent": SHARED}},
        "gathered": {"model": "paced", "bounds": {"gather_seconds": 0.05}},
    }
)
"""How the upstream writes and is read, by the names of the routes, and of its models where nothing else is said."""


CACHED = "cached"
"""The route that serves earlier answers."""

REFUSED = "refused"
"""The tenant whose calls a limit refuses, all but the first."""

LIMITS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "everybody": {"tenant": "*", "concurrent_calls": 100_000, "tokens_per_minute": 1_000_000_000},
        "subjects": {"per": ["SUBJECT"], "requests_per_second": 100_000, "requests_per_minute": 1_000_000_000},
        "refused": {"tenant": REFUSED, "requests_per_minute": 1},
    }
)
"""Limits that are counted for every call, and refuse those of one tenant."""


class CannedGenerator:
    """Answers at once with the first sentence of the first passage, so that every check has real work."""

    def __init__(self) -> None:
        self._written: dict[str, str] = {}

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        text = request.prompt.handles["p1"].text
        if text not in self._written:
            start, end = sentences(text)[0]
            segment = {"text": " ".join(text[start:end].split()), "cites": ["p1"]}
            self._written[text] = json.dumps({"confidence": "high", "segments": [segment]})
        yield self._written[text]
        yield Finish(FinishReason.COMPLETE, Usage(100, 20))


async def serve(configuration: Configuration, nowhere: TextIO, *, canned: bool) -> None:
    async with AsyncExitStack() as opened:
        await _serve(configuration, nowhere, opened, canned=canned)


async def _serve(configuration: Configuration, nowhere: TextIO, opened: AsyncExitStack, *, canned: bool) -> None:
    measuring = telemetry("bench", configuration.telemetry)
    lease = Shared().lease()
    parts = await open_parts(configuration, lease, Recording(measuring.tracer, measuring.metrics))
    if canned:
        parts = replace(parts, generators=dict.fromkeys(parts.generators, CannedGenerator()))
    routes = {name: (route.policy(name), route.store) for name, route in configuration.routes.items()}
    options = configuration.server
    recording, weights = Recording(measuring.tracer, measuring.metrics), TenantWeights()
    records = await opened.enter_async_context(open_records(records_options(configuration)))
    queue = open_queue(configuration, records, MemoryWakeups(), weights, measuring.metrics)
    process = compose.Process.begin(recording, capacity=configuration.capacity, weights=weights, queue=queue)
    snapshot = compose.snapshot(routes, parts, process, NO_AUTHENTICATION, options.write_seconds)
    current = CurrentSnapshot(snapshot)
    server = compose.server(current, process, options, configuration.telemetry.decisions)
    port = await server.start(options.listen)
    await open_gateway(server, configuration, current)
    settle_garbage_collection()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    loop = asyncio.get_running_loop()
    # In a thread: the loop must not wait for it.
    loop.add_signal_handler(signal.SIGUSR1, lambda: loop.run_in_executor(None, _settle, measuring))
    with logging_to(nowhere, "INFO", process.sums) as logs:
        if measuring.log_handler is not None:
            logs.also(measuring.log_handler)
        try:
            await heartbeat(measuring.metrics, logs, process.capacity.beat)
        finally:
            await lease.end()


def _settle(measuring: Telemetry) -> None:
    """Export what was recorded, and say so."""
    if measuring.processor is not None:
        measuring.processor.force_flush()
    print("settled", flush=True)


def _configuration() -> tuple[Configuration, bool]:
    parser = argparse.ArgumentParser(description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--data", type=Path)
    where.add_argument("--weaviate")
    parser.add_argument("--otlp")
    parser.add_argument("--no-embedder", action="store_true")
    parser.add_argument("--upstream")
    parser.add_argument("--quoting", action="store_true")
    parser.add_argument("--places", type=int, default=2000)
    parser.add_argument("--calls", type=int)
    parser.add_argument("--records", type=Path)
    parser.add_argument("--redis")
    parser.add_argument("--gateway")
    given = parser.parse_args()
    flags: dict[str, tuple[tuple[str, ...], Any]] = {
        "--listen": (("server", "listen"), "127.0.0.1:0"),
        "--places": (("server", "max_concurrent_calls"), given.places),
        "--data": (("stores", "main"), _store(given.data, given.weaviate, embedder=not given.no_embedder)),
        "--otlp": (("telemetry", "otlp"), {"endpoint": given.otlp}),
        # Every question is to be answered, so that every check has real work.
        "--lenient": (("routes", "default", "thresholds", "min_relevance"), 0.0),
        "--limits": (("limits",), dict(LIMITS)),
        "--cached": (("routes", CACHED), {"store": "main", "models": ["extractive"], "cache": {"serve_fresh": True}}),
    }
    if given.records:
        flags["--records"] = (("records", "url"), f"sqlite:///{given.records}/records.sqlite3")
        many = {"max_waiting": 10_000_000, "max_waiting_per_tenant": 10_000_000}
        flags["--queue"] = (("queue",), many)
    else:
        flags["--records"] = (("records", "enabled"), False)
    if given.gateway:
        flags["--gateway"] = (("gateway", "listen"), given.gateway)
    if given.redis:
        flags["--redis"] = (("redis", "url"), given.redis)
        flags["--answer-cache"] = (("answer_cache", "kind"), "redis")
    if given.calls:
        flags["--at-once"] = (("capacity",), {"max_concurrent": given.calls, "queue_size": 0})
    if given.upstream:
        provider: dict[str, Any] = {"kind": "openai", "base_url": f"http://{given.upstream}/v1"}
        # A hundred streams opened at once on one core begin late; fewer slots would leave the rest waiting for one of
        # those that are held open.
        provider |= {"max_connections": 4096, "concurrency": {"max_concurrent": 4096, "adaptive": False}}
        flags["--provider"] = (("providers", "upstream"), provider)
        for way, settings in WAYS.items():
            model = {"kind": "openai", "provider": "upstream", "model": way, "price": {"input": 1, "output": 4}}
            model |= settings
            route: dict[str, Any] = {"store": "main", "models": [way], "thresholds": {"min_relevance": 0.0}}
            # Streams that are held open must outlast the rounds.
            route |= {"time": {"max_seconds": 3600}}
            flags[f"--model-{way}"] = (("models", way), model)
            flags[f"--route-{way}"] = (("routes", way), route)
    return load(Sources(flags=flags)).configuration, not (given.upstream or given.quoting)


def _store(data: Path | None, weaviate: str | None, *, embedder: bool) -> dict[str, str | None]:
    if weaviate:
        http, _, grpc = weaviate.partition(",")
        return {"kind": "weaviate", "http": f"127.0.0.1:{http}", "grpc": f"127.0.0.1:{grpc}"}
    return {"kind": "embedded", "folder": str(data), "embedder": "local" if embedder else None}


if __name__ == "__main__":
    configured, canned = _configuration()
    with Path(os.devnull).open("w", encoding="utf-8") as devnull:
        uvloop.run(serve(configured, devnull, canned=canned))
