"""What the README shows is true."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groundwire.v1 import outcome_pb2
from groundwire_server.app.settings import Settings
from tests.e2e.calls import ACME, ingest
from tests.e2e.conftest import Product, Serve, serve

__all__ = ["serve"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GRPCURL = shutil.which("grpcurl", path=str(Path(sys.executable).parent)) or shutil.which("grpcurl")
DEMO = (("groundwire-tenant", "demo"), *ACME[1:])


@pytest.fixture
async def product(serve: Serve) -> AsyncIterator[Product]:
    """A server that holds what the README asks for."""
    async with serve() as running:
        text = "Note that functions created with lambda expressions cannot contain statements or annotations."
        await ingest(running, ("lambda", text), metadata=DEMO)
        yield running


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


async def test_the_python_example_runs(product: Product) -> None:
    (example,) = _blocks("python")
    code = example.replace("127.0.0.1:50051", product.address)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    printed, failed = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, failed.decode()
    lines = printed.decode().splitlines()
    assert lines[0] == "answered"
    assert lines[1].startswith("Note that functions created with lambda expressions")
    assert lines[-1].split()[1] == "outcome"


@pytest.mark.skipif(GRPCURL is None, reason="grpcurl is not installed; it comes with make setup on Linux x86-64")
async def test_the_grpcurl_example_runs(product: Product) -> None:
    assert GRPCURL is not None
    command = re.search(r"\$ grpcurl -plaintext -H '([^']+)' \\\n\s+-d '([^']+)' \\\n\s+(\S+) (\S+)", README)
    assert command is not None
    header, body, _, method = command.groups()
    process = await asyncio.create_subprocess_exec(
        GRPCURL, "-plaintext", "-H", header, "-d", body, product.address, method, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 30)
    assert json.loads(printed)["outcome"]["answered"]["answer"]["citations"][0]["document_id"] == "lambda"


def test_the_table_of_outcomes_is_the_contracts() -> None:
    listed = re.findall(r"^\| (●?) ?\| `(\w+)` \|", README, re.MULTILINE)
    assert [name for _, name in listed] == [
        field.name for field in outcome_pb2.Outcome.DESCRIPTOR.oneofs_by_name["result"].fields
    ]
    assert [name for mark, name in listed if mark] == ["answered", "abstained", "degraded", "failed_safe"]


def test_the_table_of_settings_is_the_settings() -> None:
    listed = re.findall(r"^\| `GROUNDWIRE_(\w+)` \| `([^`]+)` \| (.+) \|$", README, re.MULTILINE)
    assert {(name.lower(), default, meaning) for name, default, meaning in listed} == {
        (name, str(field.default), field.description) for name, field in Settings.model_fields.items()
    }


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|\$ )make ([a-z]+)", README)) <= targets


def test_every_link_into_the_repository_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("command", ["serve", "ingest", "ask"])
async def test_every_option_shown_exists(command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "groundwire_server", command, "--help", stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 30)
    for line in re.findall(rf"groundwire {command} ([^`\n]+)", README):
        for option in re.findall(r"--[a-z-]+", line):
            assert option in printed.decode()
