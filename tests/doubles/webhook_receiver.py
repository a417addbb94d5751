"""A receiver of webhooks over HTTPS, on loopback."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from aiohttp import web

HOST = "hooks.example.com"
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """A receiver on loopback, with a certificate for its host."""

    host: str
    port: int
    ca: Path
    requests: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}/answers"


@asynccontextmanager
async def receiving(folder: Path, handler: Handler, host: str = HOST) -> AsyncIterator[Receiver]:
    """Run a receiver.

    Args:
        folder: for the certificate of its authority.
        handler: answers requests, each of which is kept first.
        host: in its certificate.
    """
    authority = trustme.CA()
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)

    async def taken(request: web.BaseRequest) -> web.StreamResponse:
        receiver.requests.append(await request.read())
        receiver.headers.append(dict(request.headers))
        receiver.paths.append(request.path)
        return await handler(request)

    server = web.Server(taken)
    runner = web.ServerRunner(server, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    receiver = Receiver(host, runner.addresses[0][1], ca)
    try:
        yield receiver
    finally:
        await runner.cleanup()
