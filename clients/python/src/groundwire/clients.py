"""The clients of one connection, for libraries that are called with asyncio and without it."""

import asyncio
from collections.abc import Sequence
from threading import Lock
from types import TracebackType
from typing import Self, TypedDict, Unpack

import grpc

from groundwire._async.client import Client
from groundwire._sync.client import SyncClient
from groundwire.channels import DEFAULT_SERVER, DEFAULT_TIMEOUT
from groundwire.retrying import DEFAULT_RETRY, Retry
from groundwire.security import Tls, Token
from groundwire.settings import Settings


class ClientOptions(TypedDict, total=False):
    """What `Client` and `SyncClient` take beside the server's address."""

    tenant: str
    subject: str
    principals: Sequence[str]
    token: Token | None
    api_key: str | None
    tls: Tls | None
    credentials: grpc.ChannelCredentials | None
    timeout: float
    retry: Retry | None


class Clients:
    """The clients of one connection: one without asyncio, and one for each event loop that asks for it.

    A client for asyncio belongs to the event loop in which it was made, so an object that is made at import and used in
    any loop, as those of LangChain and LlamaIndex are, cannot hold one. It holds this instead.

    Use it with ``with`` or ``async with``, or call ``close`` or ``aclose``.

    Args:
        server: the server's address.
        options: as for `Client`.

    Raises:
        ValueError: as from `Client`.
    """

    def __init__(self, server: str = DEFAULT_SERVER, **options: Unpack[ClientOptions]) -> None:
        self._server = server
        self._options = options
        self._sync = SyncClient(server, **options)
        self._of_loops: dict[asyncio.AbstractEventLoop, Client] = {}
        # Event loops run in threads of their own.
        self._lock = Lock()

    @classmethod
    def from_env(
        cls,
        *,
        subject: str = "",
        principals: Sequence[str] = (),
        timeout: float = DEFAULT_TIMEOUT,
        retry: Retry | None = DEFAULT_RETRY,
    ) -> Self:
        """Return clients that connect as the environment says now, by the variables of the `groundwire` command.

        Raises:
            ValueError: when what they say cannot be used.
        """
        settings = Settings.from_environment()
        return cls(
            settings.server,
            **settings.identity(),
            subject=subject,
            principals=principals,
            timeout=timeout,
            retry=retry,
        )

    @property
    def sync(self) -> SyncClient:
        """The client without asyncio."""
        return self._sync

    @property
    def aio(self) -> Client:
        """The client of the running event loop.

        Raises:
            RuntimeError: when no event loop runs.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._of_loops:
                self._of_loops = {each: client for each, client in self._of_loops.items() if not each.is_closed()}
                self._of_loops[loop] = Client(self._server, **self._options)
            return self._of_loops[loop]

    def close(self) -> None:
        """Close the client without asyncio; those of event loops end with their loops, or by `aclose`."""
        self._sync.close()

    async def aclose(self) -> None:
        """Close the client of the running event loop, and the one without asyncio."""
        with self._lock:
            client = self._of_loops.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()
        self._sync.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<groundwire.{type(self).__name__} {self._server}, {len(self._of_loops)} event loops>"
