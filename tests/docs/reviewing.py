"""A server as the pages on reviews configure it, and its commands in a folder."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running
from tests.docs.shown import DOCS, Block, blocks, run

COMPLIANCE = DOCS / "how-to" / "compliance-review.md"
TICKETING = DOCS / "how-to" / "ticketing.md"


@dataclass(frozen=True)
class Reviewing:
    """A running server.

    Attributes:
        folder: with its configuration, keys and documents.
        server: HOST:PORT of gRPC.
        gateway: the URL of the gateway.
    """

    folder: Path
    server: str
    gateway: str

    async def sh(self, script: str, **environment: str) -> str:
        """Run lines of a page in the folder, and return what they print; each must succeed."""
        known = {"GROUNDWIRE_SERVER": self.server, "GATEWAY": self.gateway}
        return await run("bash", "-euo", "pipefail", "-c", script, cwd=self.folder, env=known | environment)


def shell(page: Path) -> list[Block]:
    """The blocks of a page that are run in a shell."""
    return [block for block in blocks(page) if block.language == "sh" and not block.title]


@asynccontextmanager
async def reviewing(folder: Path, sections: Mapping[str, object] | None = None) -> AsyncIterator[Reviewing]:
    """Serve what the page on compliance configures, on free ports.

    Args:
        folder: in which its keys are made first.
        sections: more of the configuration.
    """
    (configured,) = [block.text for block in blocks(COMPLIANCE) if block.title == "groundwire.yaml"]
    values = yaml.safe_load(configured) | dict(sections or {})
    values["server"]["listen"] = values["gateway"]["listen"] = "127.0.0.1:0"
    values["stores"]["main"]["folder"] = str(folder / "data")
    values["authentication"]["api_keys"]["file"] = str(folder / "keys.json")
    file = folder / "groundwire.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    keys = next(block.text for block in shell(COMPLIANCE) if "groundwire keys create" in block.text)
    await run("bash", "-euo", "pipefail", "-c", keys, cwd=folder)
    sources = Sources(file)
    async with running(sources, load(sources)) as served:
        assert served.gateway is not None
        yield Reviewing(folder, served.address, served.gateway)
