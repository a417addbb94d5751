"""Runs the suites of the stores over every store; over a real Weaviate too where the environment names one."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.stores import (
    MODULE,
    REAL,
    Opener,
    Store,
    embedded,
    memory,
    pinecone_double,
    real_vectorizing,
    real_weaviate,
    vectorizing_double,
    weaviate_double,
)

STORES: dict[str, Opener] = {
    "embedded": embedded,
    "memory": memory,
    "pinecone": pinecone_double,
    "weaviate": weaviate_double,
    "vectorizing": vectorizing_double,
}
if REAL in os.environ:
    STORES["real-weaviate"] = real_weaviate
if REAL in os.environ and MODULE in os.environ:
    STORES["real-vectorizing"] = real_vectorizing


WITHOUT_SERVER = frozenset({"embedded", "memory"})


@pytest.fixture(
    params=[
        pytest.param(opener, id=name, marks=() if name in WITHOUT_SERVER else pytest.mark.server)
        for name, opener in STORES.items()
    ]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opener: Opener = request.param
    async with opener(tmp_path) as opened:
        yield opened
