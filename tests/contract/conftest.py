"""Runs the suites of the stores over every store."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.stores import REAL, Opener, Store, embedded, memory, real_weaviate, weaviate_double

_REAL = pytest.mark.skipif(
    REAL not in os.environ, reason=f"set {REAL}=host:8080,host:50051 to run this against a real Weaviate"
)


@pytest.fixture(
    params=[
        pytest.param(embedded, id="embedded"),
        pytest.param(memory, id="memory"),
        pytest.param(weaviate_double, id="weaviate"),
        pytest.param(real_weaviate, id="real-weaviate", marks=_REAL),
    ]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opener: Opener = request.param
    async with opener(tmp_path) as opened:
        yield opened
