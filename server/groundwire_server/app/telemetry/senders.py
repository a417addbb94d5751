"""One request to a receiver of OTLP, over gRPC or over HTTP.

The SDK's exporters send too, but return only whether it worked. Here a failure says why, and whether the same request
may be sent again.
"""

import gzip
import ssl
from email.message import Message
from http.client import HTTPException
from typing import IO, Final, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from groundwire_server.app.telemetry.receivers import Receiver, Signal
from groundwire_server.domain.failure import GroundwireError

_DETAILS_LENGTH: Final = 300
_RESPONSE_BYTES: Final = 64 * 1024
_RECONNECT: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
"""After these a new connection is made: an old one may lead nowhere, or wait to be tried again."""
_RETRYABLE: Final = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""OTLP 1.9 has these tried again, and RESOURCE_EXHAUSTED where the receiver says when."""
_RETRYABLE_HTTP: Final = frozenset({429, 502, 503, 504})


class SendError(GroundwireError):
    """A receiver did not take a request.

    Attributes:
        code: the status, such as `UNAVAILABLE` or `HTTP 503`.
        retryable: whether the same request may be sent again.
        retry_after: seconds that the receiver asks to wait, if it does.
    """

    def __init__(self, code: str, details: str = "", *, retryable: bool, retry_after: float | None = None) -> None:
        text = one_line(details)
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after


def one_line(text: str) -> str:
    """Return what a receiver says as the beginning of one line."""
    return " ".join(text.split())[:_DETAILS_LENGTH]


class Sender(Protocol):
    """Sends encoded requests of one signal."""

    def send(self, request: bytes) -> bytes:
        """Send a request and return the response. Blocks.

        Raises:
            SendError: when the receiver did not take it.
        """

    def close(self) -> None:
        """End the connection, and a request that is being sent."""


def sender(receiver: Receiver, signal: Signal) -> Sender:
    """Return a sender by the receiver's protocol."""
    return HttpSender(receiver) if receiver.http else GrpcSender(receiver, signal)


class GrpcSender:
    """A sender over gRPC that connects when there is something to send, and again after a failure."""

    def __init__(self, receiver: Receiver, signal: Signal) -> None:
        self._receiver = receiver
        self._method = signal.method
        self._metadata = tuple((name.lower(), value) for name, value in receiver.headers.items())
        self._compression = grpc.Compression.Gzip if receiver.compressed else grpc.Compression.NoCompression
        self._channel: grpc.Channel | None = None

    def send(self, request: bytes) -> bytes:
        """Send a request and return the response.

        Raises:
            SendError: when the receiver did not take it.
        """
        channel = self._channel or self._connect()
        call = channel.unary_unary(self._method, request_serializer=bytes, response_deserializer=bytes)
        try:
            return call(request, timeout=self._receiver.timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            code = error.code()
            if code in _RECONNECT:
                self.close()
            wait = _retry_info(error)
            retryable = code in _RETRYABLE or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and wait is not None)
            raise SendError(code.name, error.details() or "", retryable=retryable, retry_after=wait) from None
        except ValueError:
            # The channel was closed in another thread.
            raise SendError("CANCELLED", retryable=False) from None

    def close(self) -> None:
        """End the connection, and a request that is being sent."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _connect(self) -> grpc.Channel:
        parts = urlsplit(self._receiver.url)
        # Channels to one address share connections, and so the back-off after a failure, unless told otherwise.
        options = [("grpc.use_local_subchannel_pool", 1)]
        if parts.scheme == "http":
            self._channel = grpc.insecure_channel(self._receiver.address, options, self._compression)
        else:
            trusted = grpc.ssl_channel_credentials(self._receiver.ca)
            self._channel = grpc.secure_channel(self._receiver.address, trusted, options, self._compression)
        return self._channel


class HttpSender:
    """A sender over HTTP, with a connection for each request. A proxy is taken from the usual variables."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._headers = {**receiver.headers, "Content-Type": "application/x-protobuf"}
        if receiver.compressed:
            self._headers["Content-Encoding"] = "gzip"
        self._opener = build_opener(_NoRedirects())
        if receiver.url.startswith("https:"):
            trusted = None if receiver.ca is None else receiver.ca.decode()
            self._opener = build_opener(
                _NoRedirects(), HTTPSHandler(context=ssl.create_default_context(cadata=trusted))
            )

    def send(self, request: bytes) -> bytes:
        """Send a request and return the response.

        Raises:
            SendError: when the receiver did not take it.
        """
        body = gzip.compress(request, 1) if self._receiver.compressed else request
        # The configuration allows http:// and https:// alone.
        posted = Request(self._receiver.url, body, self._headers, method="POST")  # noqa: S310
        try:
            with self._opener.open(posted, timeout=self._receiver.timeout) as response:
                return bytes(response.read(_RESPONSE_BYTES))
        except HTTPError as error:
            with error:
                wait = error.headers.get("Retry-After", "")
                raise SendError(
                    f"HTTP {error.code}",
                    str(error.reason),
                    retryable=error.code in _RETRYABLE_HTTP,
                    retry_after=float(wait) if wait.isdecimal() else None,
                ) from None
        except URLError as error:
            verified = not isinstance(error.reason, ssl.SSLCertVerificationError)
            raise SendError("UNAVAILABLE", str(error.reason), retryable=verified) from None
        except TimeoutError:
            raise SendError("DEADLINE_EXCEEDED", retryable=True) from None
        except (OSError, HTTPException) as error:
            raise SendError("UNAVAILABLE", type(error).__name__, retryable=True) from None

    def close(self) -> None:
        """Do nothing: a connection ends with its request."""


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect: headers that hold secrets go nowhere but to the receiver."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        return None


def _retry_info(error: grpc.RpcError) -> float | None:
    """Return the seconds of the RetryInfo in an error's details."""
    try:
        status = rpc_status.from_call(error)
    except ValueError:
        # The details contradict the status.
        return None
    for detail in status.details if status is not None else ():
        info = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.ToTimedelta().total_seconds())
    return None
