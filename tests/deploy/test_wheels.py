"""Both distributions install from built wheels into an environment that has nothing else, and work there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundwire import Document, SyncClient

ROOT = Path(__file__).parents[2]
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
    for project in (ROOT / "clients" / "python", ROOT):
        run(hatchling, "build", "-t", "wheel", "-d", built, cwd=project)
    return {path.name.split("-")[0]: path for path in built.glob("*.whl")}


@pytest.fixture(scope="module")
def installed(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that holds both, what they need at the pinned versions, and nothing else."""
    environment = tmp_path_factory.mktemp("clean") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=ROOT)
    python = environment / "bin" / "python"
    names = [str(wheels["groundwire"]), f"{wheels['groundwire_server']}[local]"]
    install: list[str | Path] = [ROOT / ".ci" / "uv", "pip", "install", "--python", python, "--only-binary", ":all:"]
    run(*install, "--constraint", ROOT / "constraints.txt", *names, cwd=environment)
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


def test_there_are_two_wheels_with_what_they_need(wheels: dict[str, Path], tmp_path: Path) -> None:
    assert set(wheels) == {"groundwire", "groundwire_server"}
    for name, expected in (
        ("groundwire", {"groundwire/py.typed", "groundwire/v1/answer_service_pb2.pyi"}),
        ("groundwire_server", {"groundwire_server/adapters/prompts/templates/answer/1.0.0.jinja"}),
    ):
        shutil.unpack_archive(wheels[name], tmp_path / name, "zip")
        files = {path.relative_to(tmp_path / name).as_posix() for path in (tmp_path / name).rglob("*")}
        assert expected <= files
        assert [file for file in files if file.endswith("licenses/LICENSE")]
        assert [file for file in files if file.startswith(("tests", "docs", "bench"))] == []


def test_the_licence_is_the_same_in_both() -> None:
    assert (ROOT / "clients" / "python" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_command_says_what_is_installed(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "groundwire", "version", cwd=tmp_path)
    assert said.startswith("groundwire 0.1.0\nclient 0.1.0, ")


def test_no_package_that_was_installed_lacks_another(installed: Path, tmp_path: Path) -> None:
    run(ROOT / ".ci" / "uv", "pip", "check", "--python", installed / "python", cwd=tmp_path)


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
