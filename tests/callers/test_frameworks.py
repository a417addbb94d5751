"""The packages for LangChain and LlamaIndex pass their tests, the frameworks' own among them, against a server."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any

import pytest

from groundwire import Client
from groundwire_server.app.configuration.load import load
from groundwire_server.app.serve import running
from tests.callers import toolchains
from tests.doubles.configured import beside

pytestmark = [pytest.mark.callers, pytest.mark.process, pytest.mark.slow]

CONFIGURATION: dict[str, Any] = {
    "providers": {"down": {"kind": "openai", "base_url": "http://127.0.0.1:1/v1"}},
    "models": {
        "extractive": {"kind": "extractive", "store": "main"},
        "down": {"kind": "openai", "provider": "down", "model": "m", "retry": {"max_attempts": 1}},
    },
    "routes": {
        # Without vectors, few words in common are all the relevance there is.
        "default": {"store": "main", "models": ["extractive"], "thresholds": {"min_relevance": 0.05}},
        "degrading": {"store": "main", "models": ["down"], "thresholds": {"min_relevance": 0.05}},
        "failing": {
            "store": "main",
            "models": ["down"],
            "thresholds": {"min_relevance": 0.05},
            "fallbacks": {"MODEL_UNAVAILABLE": ["FAIL_SAFE"]},
        },
        "knowing": {
            "store": "main",
            "models": ["extractive"],
            "thresholds": {"min_relevance": 0.05},
            "context": {"caller": {"source": "caller"}, "language": {"source": "locale"}},
        },
    },
    "prompts": {"managed_by": "operators"},
}
EXPERIMENT = """
name: new-prompt
route: knowing
arms:
- {name: control, weight: 50}
- {name: candidate, weight: 50}
"""


@pytest.fixture
def python() -> Path:
    """The interpreter of the environment that has the frameworks."""
    return toolchains.frameworks()


async def run(*command: str | Path, cwd: Path, env: dict[str, str]) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDWIRE_", "PYTEST_"))}
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, env=own | env, stdout=PIPE, stderr=STDOUT)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


@pytest.mark.parametrize("framework", ["langchain", "llamaindex"])
async def test_a_framework_retrieves_and_answers(framework: str, python: Path, tmp_path: Path) -> None:
    file = tmp_path / "groundwire.json"
    file.write_text(json.dumps(CONFIGURATION), encoding="utf-8")
    sources = beside(tmp_path / "store", embedder=None, file=file)
    async with running(sources, load(sources)) as server:
        async with Client(server.address, tenant="operators") as operator:
            await operator.apply_experiment(EXPERIMENT)
        await run(
            *(python, "-m", "pytest", "--quiet", "-p", "handbook", "-p", "no:cacheprovider"),
            cwd=toolchains.ROOT / "clients" / framework,
            env={
                "GROUNDWIRE_SERVER": server.address,
                "GROUNDWIRE_TENANT": framework,
                "PYTHONPATH": str(toolchains.SOURCES / "frameworks"),
            },
        )


async def test_the_packages_and_their_tests_are_typed(python: Path) -> None:
    paths = [f"clients/{name}/{folder}" for name in ("langchain", "llamaindex") for folder in ("src", "tests")]
    await run(
        *(sys.executable, "-m", "mypy", "--python-executable", python, "--cache-dir", ".mypy_cache/frameworks"),
        *paths,
        cwd=toolchains.ROOT,
        env={"MYPYPATH": "clients/langchain/src:clients/llamaindex/src:tests/callers/frameworks"},
    )
