"""A real server with its gateway, which holds a document of the tenant that the page takes without a credential."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from groundwire import Client, Document
from groundwire_server.app.configuration.load import load
from groundwire_server.app.serve import running
from tests.doubles.configured import beside
from tests.page.contents import HOTELS


@asynccontextmanager
async def served(folder: Path, sections: Mapping[str, Any]) -> AsyncIterator[str]:
    """Serve within this process; yield the URL of the gateway.

    Args:
        folder: of its configuration and its data.
        sections: of its configuration, apart from where it listens.
    """
    file = folder / "groundwire.yaml"
    at_once = {"drain": {"grace_seconds": 0}}  # the page watches for as long as it is open
    configuration = {"server": at_once, "gateway": {"listen": "127.0.0.1:0"}, **sections}
    file.write_text(json.dumps(configuration), encoding="utf-8")
    sources = beside(folder / "data", embedder=None, file=file)
    async with running(sources, load(sources)) as server:
        assert server.gateway is not None
        async with Client(server.address, tenant="default") as client:
            document = Document(document_id="travel", title="Travel policy", text=HOTELS, allowed_principals=["*"])
            async for _ in client.ingest([document]):
                pass
        yield server.gateway
