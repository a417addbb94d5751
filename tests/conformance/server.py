"""A server for the Connect project's conformance suite: `python -m tests.conformance.server FOLDER`.

The suite writes what it wants to standard input and reads where the server listens from standard output. The folder
holds the code that was generated of the suite's files.
"""

import asyncio
import importlib
import signal
import struct
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import connectrpc
import grpc
from google.protobuf.message import DecodeError

from groundwire_server.app.access import NO_AUTHENTICATION
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.failure import Rejection
from groundwire_server.edge.blocked_content import BlockedContentLog
from groundwire_server.edge.convert.json_message import MalformedJsonError, message_from_json
from groundwire_server.edge.convert.request import JsonText, Received
from groundwire_server.edge.decision_log import DecisionLog
from groundwire_server.edge.gateway.app import GatewayApp
from groundwire_server.edge.gateway.clients import Clients
from groundwire_server.edge.gateway.listening import HttpConnections
from groundwire_server.edge.gateway.options import GatewayOptions
from groundwire_server.edge.gateway.origins import Origins
from groundwire_server.edge.gateway.routes import HttpRoutes
from groundwire_server.edge.gateway.tls import GatewayTls
from groundwire_server.edge.handlers import Handlers
from groundwire_server.edge.interceptors.access import ReflectionAuthentication, SecurityEvents
from groundwire_server.edge.interceptors.chain import Chain
from groundwire_server.edge.interceptors.context import CallDeadline, RequestId, Tracing
from groundwire_server.edge.interceptors.decisions import Decisions
from groundwire_server.edge.interceptors.errors import ErrorMapping
from groundwire_server.edge.interceptors.limits import CallPlaces
from groundwire_server.edge.interceptors.reception import Reception, RequestReader
from groundwire_server.edge.limits import RECEIVE_LIMIT
from groundwire_server.edge.options import ArrivalOptions, DecisionLogOptions, RequestBytesOptions, TlsOptions
from groundwire_server.edge.security_events import SecurityEventLog
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.recording import unrecorded
from tests.conformance.service import NAME, ConformanceService

LISTEN = "127.0.0.1:0"


async def serve(wanted: Any, response: Any, folder: Path) -> None:
    """Serve as the suite wants it until it ends the process."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    app = GatewayApp(
        await _handlers(),
        HttpRoutes(),
        None,
        Origins(GatewayOptions(listen=LISTEN), lambda: False),
        Clients(()),
        wanted.message_receive_limit or RECEIVE_LIMIT,
    )
    connections = HttpConnections(app, GatewayOptions().limits, lambda: 10.0)
    tls = _tls(wanted, folder)
    response.host = "127.0.0.1"
    response.port = await connections.listen(LISTEN, None if tls is None else tls.context, reuse_port=False)
    response.pem_cert = wanted.server_creds.cert if tls is not None else b""
    said = response.SerializeToString()
    sys.stdout.buffer.write(struct.pack(">I", len(said)) + said)
    sys.stdout.buffer.flush()
    await stop.wait()
    await connections.drain(1.0)


async def _handlers() -> Mapping[str, Any]:
    """The methods behind the interceptors that a server without authentication has."""
    recording, clock, current = (
        unrecorded(),
        SystemClock(),
        CurrentSnapshot(cast("Any", SimpleNamespace(access=NO_AUTHENTICATION))),
    )
    anybody = ReflectionAuthentication(current)
    reader, arrival = _Reader(RequestBytesOptions(other=RECEIVE_LIMIT)), ArrivalOptions()
    chain = Chain(
        (
            Tracing(recording.tracer),
            RequestId(),
            CallDeadline(),
            Decisions(
                DecisionLog(recording.lines, DecisionLogOptions()),
                BlockedContentLog(recording.lines),
                recording.metrics,
                clock,
            ),
            ErrorMapping(),
            SecurityEvents(SecurityEventLog(clock)),
            anybody,
        ),
        Reception(CallPlaces.of_services(arrival, 1000), anybody.precheck, reader, arrival, 65_536, recording.metrics),
        lambda: 10.0,
        methods=f"/{NAME}/",
    )
    handlers = Handlers(grpc.aio.server(), [chain])
    own = ConformanceService.generated().handlers()
    methods = {name.rpartition("/")[2]: handler for name, handler in own.items()}
    handlers.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, methods),))
    return {name: await handlers.intercepted(name) for name in own}


class _Form:
    """How a request is read whose lists have no limits, as ours have to have."""

    def __init__(self, parse: Any) -> None:
        self._kind = parse.__self__

    def read(self, data: bytes) -> Received:
        """The message."""
        message = self._kind()
        try:
            if isinstance(data, JsonText):
                message_from_json(data, message)
            else:
                message.MergeFromString(data)
        except (MalformedJsonError, DecodeError):
            return Received(None, Rejection.invalid("", "must be a message of this method", "message.decode"))
        return Received(message)


class _Reader(RequestReader):
    """Makes requests of the suite's messages."""

    def format_of(self, method: str, parse: Any) -> Any:
        """How the requests of a method are read."""
        return _Form(parse)


def _tls(wanted: Any, folder: Path) -> GatewayTls | None:
    if not wanted.use_tls:
        return None
    files = {"certificate": wanted.server_creds.cert, "key": wanted.server_creds.key}
    if wanted.client_tls_cert:
        files["client_ca"] = wanted.client_tls_cert
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return GatewayTls(TlsOptions(**{name: folder / name for name in files}), SystemClock())


def main() -> None:
    """Read what the suite wants, and serve."""
    # The generated package is named like the library's own.
    connectrpc.__path__.append(f"{sys.argv[1]}/connectrpc")
    messages = importlib.import_module("connectrpc.conformance.v1.server_compat_pb2")
    (length,) = struct.unpack(">I", sys.stdin.buffer.read(4))
    wanted = messages.ServerCompatRequest.FromString(sys.stdin.buffer.read(length))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(serve(wanted, messages.ServerCompatResponse(), Path(folder)))


if __name__ == "__main__":
    main()
