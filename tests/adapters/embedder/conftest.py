"""The cache is tested in virtual time; what works in threads needs the real one."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.doubles.time import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("local"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualTimeLoop}
