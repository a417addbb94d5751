"""A call over HTTP as interceptors and servicers see it: what they use of gRPC's own context."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import grpc
import grpc.aio

from groundwire_server.domain.caller import Caller
from groundwire_server.edge.convert.request import JsonText, Received
from groundwire_server.edge.statuses import StatusParts, Trailers, aborted

GRPC: Final = "grpc"
CONNECT: Final = "connectrpc"
"""Systems of RPC, as the semantic conventions name them."""


class HttpContext:
    """The context of one call that came over HTTP.

    The call reads its requests from it and writes its responses to it. A write ends when the transport has sent the
    message, so that a slow client slows the call down, as with gRPC.

    Args:
        metadata: the text entries, in lower case.
        peer: the client's address, as gRPC writes it.
        certificates: of the connection, as gRPC has them; empty without a client's certificate.
        deadline: when the call ends, on the loop's clock; None without a deadline.
        system: of RPC.
        identify: returns the caller that the request itself proves, as by its signature, or raises AccessDenied; None
            where credentials say who calls.

    Attributes:
        rpc_system: of RPC.
        reading: is set when the call reads its first request: only then is the body of the HTTP request read.
        initial_metadata: the headers of the response.
        parse: makes requests of bytes, for a method that does not do so itself.
    """

    def __init__(
        self,
        metadata: Sequence[tuple[str, str | bytes]],
        peer: str,
        certificates: Mapping[str, Iterable[bytes]],
        deadline: float | None,
        system: str,
        identify: Callable[[], Caller] | None = None,
    ) -> None:
        self._metadata = tuple(metadata)
        self._peer = peer
        self._certificates = certificates
        self._deadline = deadline
        self.rpc_system = system
        self.identify = identify
        self.reading = asyncio.Event()
        self.initial_metadata: Trailers = ()
        self.parse: Callable[[bytes], Received] | None = None
        self._loop = asyncio.get_running_loop()
        self._requests: asyncio.Queue[tuple[bytes | JsonText | None, bool]] = asyncio.Queue(1)
        self._read_all = False
        self._offer: _Offer | None = None
        self._offered = asyncio.Event()
        self._in_flight: _Offer | None = None
        self._ended = False
        self._code: grpc.StatusCode = grpc.StatusCode.OK
        self._details = ""
        self._trailers: Trailers = ()

    # What the call uses.

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        """Return the metadata of the call."""
        return self._metadata

    def peer(self) -> str:
        """Return the client's address."""
        return self._peer

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """Return what the client's certificate says."""
        return self._certificates

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline."""
        return None if self._deadline is None else max(0.0, self._deadline - self._loop.time())

    async def read(self) -> Any:
        """Return the next request, or `grpc.aio.EOF`."""
        self.reading.set()
        if self._read_all:
            return grpc.aio.EOF
        request, self._read_all = await self._requests.get()
        if request is None:
            return grpc.aio.EOF
        if self.parse is None:
            return request
        received = self.parse(request)
        if received.rejection is not None:
            await self.abort(*aborted(received.rejection))
        return received.message

    async def write(self, message: Any) -> None:
        """Have the transport send a response, and wait until it has."""
        if self._ended:
            raise grpc.aio.UsageError("the call has ended")
        offer = self._offer = _Offer(message, self._loop.create_future())
        self._offered.set()
        try:
            await offer.sent
        finally:
            if self._offer is offer:
                self._offer = None

    async def send_initial_metadata(self, initial_metadata: Trailers) -> None:
        """Set the headers of the response, which are sent with its first message."""
        self.initial_metadata = tuple(initial_metadata)

    def set_trailing_metadata(self, trailing_metadata: Trailers) -> None:
        """Set the trailing metadata."""
        self._trailers = tuple(trailing_metadata)

    def set_code(self, code: grpc.StatusCode) -> None:
        """Set the code that the call ends with."""
        self._code = code

    def set_details(self, details: str) -> None:
        """Set the message that the call ends with."""
        self._details = details

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Trailers = ()) -> NoReturn:
        """End the call with a status.

        Raises:
            AbortError: always.
        """
        self._code, self._details = code, details
        if trailing_metadata:
            self._trailers = tuple(trailing_metadata)
        raise grpc.aio.AbortError

    # What the transport uses.

    @property
    def status(self) -> StatusParts:
        """What the call ended with, or would end with now."""
        return self._code, self._details, self._trailers

    async def feed(self, request: bytes | JsonText | None, *, last: bool = False) -> None:
        """Hand a request to the call, once it has taken the one before.

        Args:
            request: None where there are no more.
            last: whether there are no more after it.
        """
        await self._requests.put((request, last or request is None))

    async def next_response(self) -> Any:
        """Return the next response; None when the call has ended. The response before it has been sent."""
        before, self._in_flight = self._in_flight, None
        if before is not None and not before.sent.done():
            before.sent.set_result(None)
        while self._offer is None and not self._ended:
            self._offered.clear()
            await self._offered.wait()
        self._in_flight, self._offer = self._offer, None
        return None if self._in_flight is None else self._in_flight.message

    def take_initial_metadata(self) -> Trailers:
        """Return the headers of the response, the first time."""
        taken, self.initial_metadata = self.initial_metadata, ()
        return taken

    def end(self) -> None:
        """Have no more responses: the call has ended."""
        self._ended = True
        self._offer = None
        self.reading.set()
        self._offered.set()


@dataclass(frozen=True, slots=True, eq=False)
class _Offer:
    """A response for the transport to send."""

    message: Any
    sent: "asyncio.Future[None]"
