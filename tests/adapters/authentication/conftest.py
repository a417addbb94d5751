"""An issuer, its keys held fresh, and a clock."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.adapters.authentication.jwks import FreshKeys
from groundwire_server.adapters.authentication.tokens import Tokens
from tests.doubles.clock import SetClock
from tests.doubles.issuer import AUDIENCE, Issuer
from tests.doubles.time import VirtualTimeLoop

Verifier = Callable[..., AbstractAsyncContextManager[Tokens]]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Key sets are renewed in virtual time; what reads files and sockets needs the real one."""
    return {"virtual": VirtualTimeLoop} if item.path.name == "test_jwks.py" else {"real": asyncio.SelectorEventLoop}


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def verifier(issuer: Issuer, clock: SetClock) -> Verifier:
    """Tokens of the issuer, verified by options that a test may change."""

    @asynccontextmanager
    async def start(**changes: Any) -> AsyncIterator[Tokens]:
        options = IssuerOptions(
            **({"issuer": issuer.name, "audience": AUDIENCE, "jwks": "https://id.example.com/jwks.json"} | changes)
        )

        async def fetch() -> bytes:
            return issuer.jwks

        keys = FreshKeys(fetch, options.issuer, options.refresh_seconds, clock)
        await keys.start()
        try:
            yield Tokens([(options, keys)], clock)
        finally:
            await keys.stop()

    return start
