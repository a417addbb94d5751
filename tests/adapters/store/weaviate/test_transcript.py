"""The double says what a real Weaviate said: `transcript.json` was recorded from 1.40, every field that was set.

What lists and counts of documents ask was recorded from 1.35.2. 1.34 to 1.39 say the same, but that before 1.36 the
default deletion strategy is another one; 1.33 has more other defaults for what our schema leaves open.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.store.weaviate.conversation import Server, held_with
from tests.contract.stores import REAL
from tests.doubles.weaviate.server import FakeWeaviate

TRANSCRIPT = Path(__file__).with_name("transcript.json")


def recorded() -> Any:
    return json.loads(TRANSCRIPT.read_text())


async def test_the_double_answers_as_weaviate_did() -> None:
    async with FakeWeaviate() as double:
        double.world.key = "secret"
        held = await held_with(
            Server(f"127.0.0.1:{double.http_port}", f"127.0.0.1:{double.grpc_port}", double.world.key)
        )
    assert held == recorded()


@pytest.mark.skipif(
    REAL not in os.environ,
    reason="WEAVIATE_HTTP=host:8080 WEAVIATE_GRPC=host:50051 run this and the contract suites over a real Weaviate",
)
async def test_a_real_weaviate_still_answers_so() -> None:
    """With WEAVIATE_RECORD set it is recorded anew."""
    held = await held_with(Server(os.environ[REAL], os.environ["WEAVIATE_GRPC"], os.environ.get("WEAVIATE_KEY", "")))
    if "WEAVIATE_RECORD" in os.environ:
        TRANSCRIPT.write_text(json.dumps(held, indent=1, ensure_ascii=True, sort_keys=True) + "\n")
    assert held == recorded()
