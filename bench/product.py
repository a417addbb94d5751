"""The product with a canned generator; all else is what `groundwire serve` runs.

`python -m bench.product --data FOLDER [--no-embedder] [--otlp http://HOST:PORT]` prints the address. On SIGUSR1
it exports what it has recorded and prints `settled`.
"""

import argparse
import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import uvloop

from groundwire_server.app import compose
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.memory import keep_what_is_there
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.shared import Shared
from groundwire_server.app.telemetry import Telemetry, telemetry
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Usage
from groundwire_server.domain.text import sentences
from groundwire_server.edge.offer import Current


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


async def serve(configuration: Configuration) -> None:
    measuring = telemetry("bench", configuration.telemetry.otlp_endpoint)
    parts = await open_parts(configuration, Shared().lease(), measuring.tracer)
    canned = replace(parts, generators=dict.fromkeys(parts.generators, CannedGenerator()))
    routes = {name: (route.policy(name), route.store) for name, route in configuration.routes.items()}
    server = compose.server(Current(compose.offer(routes, canned, measuring.tracer)), measuring.tracer)
    port = await server.start(configuration.server.listen)
    keep_what_is_there()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    loop = asyncio.get_running_loop()
    # In a thread: the loop must not wait for it.
    loop.add_signal_handler(signal.SIGUSR1, lambda: loop.run_in_executor(None, _settle, measuring))
    await asyncio.Event().wait()


def _settle(measuring: Telemetry) -> None:
    """Export what was recorded, and say so."""
    measuring.provider.force_flush()
    print("settled", flush=True)


def _configuration() -> Configuration:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--otlp")
    parser.add_argument("--no-embedder", action="store_true")
    given = parser.parse_args()
    flags = {
        "--listen": (("server", "listen"), "127.0.0.1:0"),
        "--data": (("stores", "main", "folder"), str(given.data)),
        "--otlp": (("telemetry", "otlp_endpoint"), given.otlp),
        "--no-embedder": (("stores", "main", "embedder"), None if given.no_embedder else "local"),
        # Every question is to be answered, so that every check has real work.
        "--lenient": (("routes", "default", "thresholds", "min_relevance"), 0.0),
    }
    return load(Sources(flags=flags)).configuration


if __name__ == "__main__":
    uvloop.run(serve(_configuration()))
