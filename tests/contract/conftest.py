"""Runs the suites of the stores over every store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.stores import Opener, Store, embedded, memory


@pytest.fixture(params=[embedded, memory], ids=["embedded", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opener: Opener = request.param
    async with opener(tmp_path) as opened:
        yield opened
