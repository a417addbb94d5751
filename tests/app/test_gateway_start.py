"""A server without a gateway does not pay for what one is made of."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

PROGRAM = """
import asyncio, sys
from pathlib import Path
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running

async def start():
    sources = Sources(Path(sys.argv[1]))
    async with running(sources, load(sources)):
        print(*sorted({"connectrpc", "h11", "pyqwest", "uvicorn"} & set(sys.modules)))

asyncio.run(start())
"""

FILE = """
server: {{listen: "127.0.0.1:0"}}
gateway: {{listen: {listen}}}
stores: {{main: {{kind: embedded, folder: "{folder}/data"}}}}
models: {{extract: {{kind: extractive}}}}
routes: {{default: {{models: [extract], store: main, thresholds: {{min_relevance: 0.05}}}}}}
"""


@pytest.mark.parametrize(("listen", "imported"), [("null", ""), ("127.0.0.1:0", "connectrpc h11 uvicorn")])
def test_only_a_gateway_imports_what_serves_http(tmp_path: Path, listen: str, imported: str) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(FILE.format(listen=listen, folder=tmp_path))
    ran = subprocess.run([sys.executable, "-c", PROGRAM, file], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.strip() == imported
