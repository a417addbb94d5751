"""A server for its operator to look into: two tenants, two models, and one fault after the other."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from groundwire import Client, Document, Error
from tests.doubles.upstream import Pause, Reply, Reset, Upstream, upstream
from tests.e2e.generation.drafts import answers, writes
from tests.e2e.generation.test_faults import error

PARCELS = "Parcels are signed for at the front desk, from eight to six."
TRAINS = "Train tickets are booked by the travel desk."
QUESTION = "Where are parcels signed for?"
UNASKED = "Who books train tickets?"
"""No earlier answer stands in for it."""
OFF_SUBJECT = "Who feeds the desk cat in winter?"

ANSWERS = answers(PARCELS)
SLOW = Reply([Pause(0.6), *ANSWERS.body])
LIMITED = error("429 Too Many Requests", "rate_limit_exceeded", Retry_After="7")
MALFORMED = Reply(writes("I would rather not write JSON."))
AWAY = Reply([], before=[Reset()])
NO_RECEIVER = "http://127.0.0.1:9"
"""The port of a service that nobody runs any more."""
FAULTS = {"slow": SLOW, "away": AWAY, "malformed": MALFORMED, "limited": LIMITED}


@dataclass(frozen=True)
class Operated:
    """A server that was asked through every fault.

    Attributes:
        log: its lines, as they were written.
        metrics: its page of metrics.
    """

    log: Path
    metrics: str


def configuration(large: Upstream, small: Upstream) -> dict[str, Any]:
    """The sections of a server whose route asks a large model, then a small one."""
    impatient = {"bounds": {"first_token_seconds": 0.3}, "retry": {"base_seconds": 0.01}}
    price = {"input": 0.4, "output": 1.6}
    return {
        "server": {"listen": "127.0.0.1:0"},
        "telemetry": {"prometheus_listen": "127.0.0.1:0", "otlp": {"endpoint": NO_RECEIVER}},
        "providers": {
            "cloud": {"kind": "openai", "base_url": f"http://127.0.0.1:{large.port}/v1"},
            "house": {"kind": "openai", "base_url": f"http://127.0.0.1:{small.port}/v1", "residency": "self_hosted"},
        },
        "models": {
            "large": {"kind": "openai", "provider": "cloud", "model": "gpt-5-mini", "price": price, **impatient},
            "small": {"kind": "openai", "provider": "house", "model": "qwen3-8b", **impatient},
        },
        "routes": {"default": {"models": ["large", "small"], "store": "main", "thresholds": {"min_relevance": 0.3}}},
    }


async def operate(folder: Path) -> Operated:
    """Start a server, ask it through every fault, and stop it: its log then has all of its lines."""
    async with upstream(ANSWERS) as large, upstream(ANSWERS) as small:
        file, log = folder / "groundwire.yaml", folder / "groundwire.log"
        file.write_text(json.dumps(configuration(large, small)), encoding="utf-8")
        async with _serving(file, log) as address:
            await _ask_through_faults(address, large, small)
            metrics = await asyncio.to_thread(_page, log)
    return Operated(log, metrics)


async def _ask_through_faults(address: str, large: Upstream, small: Upstream) -> None:
    async with Client(address, tenant="acme") as acme, Client(address, tenant="globex") as globex:
        for client in (acme, globex):
            documents = [
                Document(document_id=name, title=name, text=text, allowed_principals=["*"])
                for name, text in (("parcels", PARCELS), ("travel", TRAINS))
            ]
            async for _ in client.ingest(documents):
                pass
        for _ in range(12):
            await acme.answer(QUESTION)
        await globex.answer(QUESTION)
        await acme.answer(OFF_SUBJECT)
        for name, fault in FAULTS.items():
            large.replies[:] = [fault]
            for number in range(3):
                await acme.answer(QUESTION, request_id=f"{name}-{number:04}")
        # Nobody is left to write an answer.
        small.replies[:] = [AWAY]
        await acme.answer(UNASKED, request_id="outage-0001")
        for _ in range(15):
            await asyncio.gather(*(acme.answer(UNASKED) for _ in range(8)))
        with suppress(Error):
            await globex.answer(QUESTION, route="nowhere")


@asynccontextmanager
async def _serving(file: Path, log: Path) -> AsyncIterator[str]:
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "groundwire_server", "serve"),
            *("--config", file.name, "--data", "store", "--no-local-embedder"),
            cwd=file.parent,
            stdout=asyncio.subprocess.PIPE,
            stderr=lines,
        )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 180)
        yield line.decode().removeprefix("listening on ").strip()
    finally:
        process.terminate()
        await process.wait()


def _page(log: Path) -> str:
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    (url,) = [line["message"].rpartition(" ")[2] for line in lines if "metrics are served" in line["message"]]
    with urlopen(url, timeout=10) as response:
        return str(response.read().decode())
