"""The examples of the client's README, against a real server."""

import asyncio
import contextlib
import io
import re
from pathlib import Path

import pytest

from groundwire_server.app.serve import running
from groundwire_server.app.settings import Settings

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def run(code: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(README), "exec"), {"__name__": "__main__"})
    return printed.getvalue()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(listen="127.0.0.1:0", data=tmp_path, local_embedder=False)


async def test_the_examples_run_in_their_order(settings: Settings) -> None:
    async with running(settings) as server:
        printed = [
            await asyncio.to_thread(run, example.replace("127.0.0.1:50051", server.address)) for example in examples()
        ]

    assert len(printed) == 2
    stored, result, text, citation, *_ = printed[0].splitlines()
    assert stored == "handbook 1"
    assert result == "answered"
    assert "front desk may sign" in text
    assert citation.startswith("  Handbook: “")
    assert "front desk may sign" in printed[1]
