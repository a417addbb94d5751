"""The client's wheel in an environment of its own, at both ends of what it allows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles import events
from tests.doubles.service import FakeService

ROOT = Path(__file__).parents[2]
UV = ROOT / ".ci" / "uv"

PROGRAM = """
import asyncio, importlib, pkgutil, sys
import google.protobuf
import groundwire, groundwire.v1

for module in pkgutil.iter_modules(groundwire.v1.__path__, "groundwire.v1."):
    importlib.import_module(module.name)

server = sys.argv[1]
document = groundwire.Document(document_id="d1", text="text")
with groundwire.SyncClient(server, tenant="acme") as client:
    assert [result.document_id for result in client.ingest([document])] == ["d1"]
    match client.answer("where?"):
        case groundwire.Answered(text, citations):
            print(text, len(citations))

async def main():
    async with groundwire.Client(server, tenant="acme") as client:
        print("".join([piece async for piece in client.stream("where?").text()]))
        try:
            await client.get_document("d2")
        except groundwire.Error as error:
            print(error.reason)

asyncio.run(main())
print("protobuf", google.protobuf.__version__)
"""


def run(*command: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDWIRE_", "PYTHON"))}
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(("resolution", "protobuf"), [("highest", "7"), ("lowest-direct", "6.31.1")])
def test_the_client_runs_with_the_newest_and_the_oldest_it_allows(
    tmp_path: Path, service: FakeService, address: str, resolution: str, protobuf: str
) -> None:
    service.otherwise = events.plain_answer()
    python = tmp_path / "venv" / "bin" / "python"
    assert not run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path).returncode
    install = (UV, "pip", "install", "--python", python, "--only-binary", ":all:", "--resolution", resolution)
    alone = run(*install, f"protobuf=={protobuf}.*", cwd=tmp_path)
    if alone.returncode:
        pytest.skip(f"no registry gives protobuf {protobuf}: {alone.stderr.strip().splitlines()[-1]}")
    built = run(
        Path(sys.executable).with_name("hatchling"),
        "build",
        "-t",
        "wheel",
        "-d",
        tmp_path,
        cwd=ROOT / "clients" / "python",
    )
    assert not built.returncode, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    installed = run(*install, wheel, f"protobuf=={protobuf}.*", cwd=tmp_path)
    assert not installed.returncode, installed.stderr

    ran = run(python, "-W", "error", "-c", PROGRAM, address, cwd=tmp_path)

    assert ran.returncode == 0, ran.stderr
    text = "Parcels wait in the mail room."
    *printed, version = ran.stdout.splitlines()
    assert printed == [f"{text} 1", text, "DOCUMENT_NOT_FOUND"]
    assert version.startswith(f"protobuf {protobuf}.") or version == f"protobuf {protobuf}"
