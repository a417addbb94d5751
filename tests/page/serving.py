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
    log = folder / "groundwire.log"
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "groundwire_server", "serve", "--no-local-embedder"),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=lines,
        )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line.startswith(b"listening on "), log.read_text(encoding="utf-8")
        yield Served(line.decode().removeprefix("listening on ").strip(), _gateway(log))
    finally:
        process.terminate()
        await process.wait()


def _gateway(log: Path) -> str:
    messages = [json.loads(line)["message"] for line in log.read_text(encoding="utf-8").splitlines()]
    (address,) = [message.removeprefix(_GATEWAY) for message in messages if message.startswith(_GATEWAY)]
    return str(address)
