"""`groundwire bench` against the product."""

import asyncio
import json

import pytest

from groundwire_server.cli.main import run
from tests.e2e.conftest import Product


@pytest.mark.parametrize(("kind", "outcome"), [("stream", "answered"), ("answer", "answered"), ("retrieve", "found")])
async def test_a_load_on_the_product(
    product: Product, capsys: pytest.CaptureFixture[str], kind: str, outcome: str
) -> None:
    said = ["--server", product.address, "--tenant", "acme", "--question", "What do lambda expressions create?"]

    code = await asyncio.to_thread(run, ["bench", *said, "--kind", kind, "--calls", "8", "--callers", "2", "--json"])

    read = json.loads(capsys.readouterr().out)
    assert code == 0
    assert read["outcomes"] == {outcome: 8}
    assert bool(read["first_text_ms"]) is (kind == "stream")
