"""A real server with its gateway, as a process."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GATEWAY = "the gateway listens at "


@dataclass(frozen=True)
class Served:
    """A server that runs.

    Attributes:
        address: of gRPC.
        page: the URL of its gateway.
    """

    address: str
    page: str


@asynccontextmanager
async def served(folder: Path, sections: Mapping[str, Any]) -> AsyncIterator[Served]:
    """Start a server in a folder, and stop it when the context is left.

    Args:
        folder: of its configuration, its data and its log.
        sections: of its configuration, apart from where it listens.
    """
    configuration = {"server": {"listen": "127.0.0.1:0"}, "gateway": {"listen": "127.0.0.1:0"}, **sections}
    (folder / "groundwire.yaml").write_text(json.dumps(configuration), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "groundwire_server", "serve", "--no-local-embedder"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    rest: asyncio.Task[bytes] | None = None
    try:
        async with asyncio.timeout(120):
            page = await _gateway(process.stderr)
            line = await process.stdout.readline()
        # What is not read would stop the server once the pipe is full.
        rest = asyncio.create_task(process.stderr.read())
        yield Served(line.decode().removeprefix("listening on ").strip(), page)
    finally:
        process.terminate()
        await process.wait()
        if rest is not None:
            await rest


async def _gateway(log: asyncio.StreamReader) -> str:
    lines: list[str] = []
    while line := await log.readline():
        lines.append(line.decode())
        _, found, address = str(json.loads(line)["message"]).partition(_GATEWAY)
        if found:
            return address
    raise AssertionError("".join(lines))
