"""What operators point at a server: grpcurl."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.calls import answer
from tests.e2e.conftest import Product

GRPCURL = shutil.which("grpcurl", path=str(Path(sys.executable).parent)) or shutil.which("grpcurl")


@pytest.mark.process
@pytest.mark.skipif(GRPCURL is None, reason="grpcurl is not installed; it comes with make setup on Linux x86-64")
async def test_grpcurl_asks_by_reflection(product: Product) -> None:
    assert GRPCURL is not None
    process = await asyncio.create_subprocess_exec(
        GRPCURL,
        "-plaintext",
        "-H",
        "groundwire-tenant: acme",
        "-d",
        json.dumps({"question": {"text": "What do lambda expressions create?"}}),
        product.address,
        "groundwire.v1.AnswerService/Answer",
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(printed)["outcome"]["answered"]["answer"]["text"] == (await answer(product)).answered.answer.text
