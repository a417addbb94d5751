"""One request and its response, bounded in time and size."""

import asyncio
import logging
import math
from collections.abc import Mapping
from contextlib import suppress

import aiohttp
from opentelemetry.trace import get_current_span

from groundwire_server.adapters.http.error_response import ErrorResponse
from groundwire_server.adapters.http.options import RequestBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.http.watchdog import ResponseWatchdog
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry import names

_LOG = logging.getLogger(__name__)

_ERROR_BYTES = 64 * 1024
_TRICKLE_BYTES = 16 * 1024
_COUNT_SECONDS = 0.5
"""How long the count of tokens is waited for after the reason why a model stopped: some providers send none and keep
the connection."""
_OK = 200
"""The status of a response that is an answer; no other one is."""


class Exchange:
    """A request that is sent, and a response that is read.

    A stream that cannot be read to its end fails with MODEL_UNAVAILABLE before its first text and with
    MODEL_INTERRUPTED after it.

    Args:
        session: of the provider.
        bounds: limits of the request.
        deadline: of the call.
        silence_seconds: between two reads, once there was text.

    Attributes:
        gather_seconds: how long bytes that come a few at a time are gathered before they are read.
    """

    def __init__(
        self, session: Session, bounds: RequestBounds, deadline: Deadline, silence_seconds: float = math.inf
    ) -> None:
        self._session = session
        self._name = session.provider
        self._bounds = bounds
        self._deadline = deadline
        self._silence = silence_seconds
        self._loop = asyncio.get_running_loop()
        self._response: aiohttp.ClientResponse | None = None
        self._watchdog: ResponseWatchdog | None = None
        self._left = bounds.response_bytes
        self._read_at = 0.0
        self.gather_seconds = 0.0

    async def open(self, url: str, headers: Mapping[str, str], body: bytes) -> ErrorResponse | None:
        """Send the request; return the response where it is an error, else None.

        Args:
            url: whole.
            headers: in addition to those of the session.
            body: JSON.

        Raises:
            Failure: MODEL_UNAVAILABLE, MODEL_NOT_READY, MODEL_MISCONFIGURED or MODEL_TIMEOUT.
        """
        by = self._deadline.at
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=self._bounds.connect_seconds, sock_read=None, ceil_threshold=math.inf
        )
        try:
            async with asyncio.timeout_at(None if math.isinf(by) else by):
                self._response = response = await self._session.post(url, headers, body, timeout)
                # A call that was repeated shows how its last request was answered.
                get_current_span().set_attribute(names.HTTP_STATUS, response.status)
                if response.status != _OK:
                    return ErrorResponse(response.status, response.headers, await _head(response))
        except TimeoutError:
            late = self._loop.time() >= self._deadline.at
            raise Failure(Cause.MODEL_TIMEOUT if late else Cause.MODEL_UNAVAILABLE) from None
        except aiohttp.ClientConnectorCertificateError:
            # Asking again does not help.
            _LOG.warning("Provider %s shows a certificate that is not trusted: see its ca_file.", self._name)
            raise Failure(Cause.MODEL_MISCONFIGURED) from None
        except aiohttp.ClientConnectorError as failed:
            refused = isinstance(failed.os_error, ConnectionRefusedError)
            raise Failure(self._session.refused if refused else Cause.MODEL_UNAVAILABLE) from None
        except (aiohttp.ClientError, OSError):
            raise Failure(Cause.MODEL_UNAVAILABLE) from None
        self._watchdog = ResponseWatchdog(self._loop, self._deadline, self._silence, response.close)
        return None

    async def read(self) -> bytes:
        """Return what has come by now, all of it; nothing at the end.

        What comes within `gather_seconds` of the last read is waited for and returned together: a message for each
        token would cost more than all else. The end of the response is not held back.

        Raises:
            Failure: MODEL_TIMEOUT, MODEL_UNAVAILABLE, MODEL_INTERRUPTED or MODEL_MISCONFIGURED.
        """
        response, watchdog = self._response, self._watchdog
        if response is None or watchdog is None:
            raise self.broken()
        watchdog.read_begins()
        try:
            data = await response.content.readany()
            if self.gather_seconds and 0 < len(data) < _TRICKLE_BYTES and not response.content.is_eof():
                data += await self._gathered(response.content)
        except (aiohttp.ClientError, OSError):
            raise (self.broken() if watchdog.late is None else Failure(watchdog.late)) from None
        watchdog.read_ends()
        self._read_at = self._loop.time()
        if self._left == self._bounds.response_bytes and data.lstrip()[:1] == b"<":
            raise self.misconfigured("a web page")
        self._left -= len(data)
        if self._left < 0:
            raise self.broken()
        return data

    async def _gathered(self, content: aiohttp.StreamReader) -> bytes:
        by = self._read_at + self.gather_seconds
        if by <= self._loop.time():
            return b""
        # Nobody reads meanwhile: to be woken for each token is what costs.
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout_at(by):
                await content.wait_eof()
        return _taken(content)

    def begun(self) -> None:
        """Note that the first text has come."""
        if self._watchdog is not None:
            self._watchdog.begun = True

    def concluded(self) -> None:
        """Note that the model has said why it stopped: what may follow is its count of tokens, for a short while."""
        if self._watchdog is not None:
            now = self._loop.time()
            # Within the call's time, or the answer would be lost for the sake of its count.
            self._watchdog.conclude_by(now + min(_COUNT_SECONDS, self._deadline.remaining(now) / 2))

    def misconfigured(self, what: str) -> Failure:
        """Return MODEL_MISCONFIGURED, of a server that answers with something other than its protocol says."""
        _LOG.warning("Provider %s answers with %s: its base_url may be wrong.", self._name, what)
        return Failure(Cause.MODEL_MISCONFIGURED)

    def broken(self) -> Failure:
        """Return the failure of a stream that cannot be read to its end."""
        begun = self._watchdog is not None and self._watchdog.begun
        return Failure(Cause.MODEL_INTERRUPTED if begun else Cause.MODEL_UNAVAILABLE)

    def adjusted(self, failure: Failure) -> Failure:
        """Return the failure, with MODEL_INTERRUPTED in place of MODEL_UNAVAILABLE once there was text."""
        if failure.cause is not Cause.MODEL_UNAVAILABLE:
            return failure
        return Failure(self.broken().cause, retry_after=failure.retry_after)

    def end(self, *, complete: bool) -> None:
        """Close the request at once, unless all of its answer is there: then its connection is kept."""
        if self._watchdog is not None:
            self._watchdog.stop()
        if self._response is None:
            return
        if complete:
            self._session.settle(self._response)
        else:
            self._response.close()


async def _head(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of an error, which says what it is."""
    body = b""
    while len(body) < _ERROR_BYTES and (data := await response.content.readany()):
        body += data
    return body


def _taken(content: aiohttp.StreamReader) -> bytes:
    """All that has come, even if the stream has broken since: an answer may be whole. The next read fails then."""
    broken = content.exception()
    if broken is None:
        return content.read_nowait()
    content.set_exception(None)  # type: ignore[arg-type]
    try:
        return content.read_nowait()
    finally:
        content.set_exception(broken)
