"""Posting over HTTPS, to addresses of the public internet alone."""

import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from groundwire_server.adapters.webhooks.addresses import is_public
from groundwire_server.domain.failure import Fault, GroundwireError
from groundwire_server.ports.outbox import WebhookError

_READ_BYTES: Final = 64 * 1024
"""Of a response, before its connection is closed; what it says is of no use to us."""

_GONE: Final = 410
_CONNECTIONS: Final = 32


class WebhookFault(Fault):
    """Why a webhook was not taken."""

    INSIDE = "its host has an address that is not of the public internet", "see `queue.webhooks.private_hosts`"
    UNREACHABLE = "its receiver cannot be reached"
    TLS = "its receiver's certificate is not valid"
    SLOW = "its receiver did not answer in time"
    REDIRECTED = "its receiver redirects, which is not followed"
    REFUSED = "its receiver did not take it"
    GONE = "its receiver wants no more"


class _InsideError(GroundwireError, OSError):
    """A host that stands for an address inside a network."""


class PublicResolver(AbstractResolver):
    """Looks hosts up, and refuses those with any address that is not public.

    The connection is made to the addresses that were checked, so a name cannot stand for another one meanwhile.

    Args:
        resolver: looks them up.
        private: whether a host may have private addresses.
    """

    def __init__(self, resolver: AbstractResolver, private: Callable[[str], bool]) -> None:
        self._resolver = resolver
        self._private = private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; see aiohttp."""
        found = await self._resolver.resolve(host, port, family)
        if not self._private(host) and not all(is_public(each["host"]) for each in found):
            raise _InsideError
        return found

    async def close(self) -> None:
        """Close the resolver."""
        await self._resolver.close()


class HttpWebhookSender:
    """Posts webhooks, each over a connection of its own.

    Args:
        session: without cookies, proxies or kept connections, over a PublicResolver.
        seconds: how long all of a post may take.
        private: whether a host may have private addresses.
    """

    def __init__(self, session: aiohttp.ClientSession, seconds: float, private: Callable[[str], bool]) -> None:
        self._session = session
        self._seconds = seconds
        self._private = private

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        seconds: float,
        private: Callable[[str], bool],
        ca_file: Path | None = None,
        resolver: AbstractResolver | None = None,
    ) -> AsyncIterator[Self]:
        """Yield a sender.

        Args:
            seconds: how long all of a post may take.
            private: whether a host may have private addresses.
            ca_file: authorities to trust instead of the system's.
            resolver: looks hosts up; the system's if left out.
        """
        connector = aiohttp.TCPConnector(
            limit=_CONNECTIONS,
            force_close=True,
            use_dns_cache=False,
            resolver=PublicResolver(resolver or aiohttp.ThreadedResolver(), private),
            ssl=ssl.create_default_context(cafile=ca_file),
        )
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "groundwire", "Accept-Encoding": "identity"},
        ) as session:
            yield cls(session, seconds, private)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Post a body; see the port."""
        bounds = aiohttp.ClientTimeout(total=self._seconds)
        try:
            # The host that is connected to: it may be another one than the text says, as with full-width dots.
            target = URL(url)
            host = target.raw_host or ""
            if _is_not_looked_up(host) and not self._private(host) and not is_public(host):
                raise _InsideError
            async with self._session.post(
                target, data=body, headers=headers, timeout=bounds, allow_redirects=False
            ) as response:
                await response.content.read(_READ_BYTES)
                status = response.status
        except _InsideError:
            raise WebhookError(WebhookFault.INSIDE) from None
        except TimeoutError:
            raise WebhookError(WebhookFault.SLOW) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise WebhookError(_fault_of(error)) from None
        if status == _GONE:
            raise WebhookError(WebhookFault.GONE, final=True)
        if status // 100 == 3:
            raise WebhookError(WebhookFault.REDIRECTED)
        if status // 100 != 2:
            raise WebhookError(WebhookFault.REFUSED)


def _fault_of(error: Exception) -> WebhookFault:
    if isinstance(error, aiohttp.ClientConnectorDNSError) and isinstance(error.os_error, _InsideError):
        return WebhookFault.INSIDE
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return WebhookFault.TLS
    return WebhookFault.UNREACHABLE


def _is_not_looked_up(host: str) -> bool:
    """Return whether aiohttp takes a host for an address; it does so with digits and dots that are none, too."""
    return ":" in host or host.replace(".", "").isdigit()
