"""Sockets, and a time that does not depend on how busy the machine is."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.doubles.time import SocketTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    # A real model takes the world's time.
    return {"real": asyncio.new_event_loop} if item.path.stem == "test_real_model" else {"sockets": SocketTimeLoop}
