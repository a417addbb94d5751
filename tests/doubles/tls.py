"""Listeners beside which a client finds that it has TLS and they have not, or the other way round.

They are not gRPC's: a server of its that is stopped just after a connection was closed in its handshake ends the whole
process now and then. They read all that comes, too: what a socket is closed over unread takes back what was written.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

_SETTINGS = bytes.fromhex("000000040000000000")
"""The frame that every HTTP/2 server begins with, without a setting."""


@contextmanager
def showing(certificate: Path, key: Path) -> Iterator[int]:
    """Show a certificate on a free port of this machine, and say nothing more; give the port's number."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # gRPC's client looks at the names in a certificate only of who speaks HTTP/2.
    context.set_alpn_protocols(["h2"])

    def show(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secured:
            try:
                secured.do_handshake()
            except ssl.SSLError:
                secured.shutdown(socket.SHUT_WR)
            while secured.recv(65536):
                pass

    with _listening(show) as port:
        yield port


@contextmanager
def plaintext() -> Iterator[int]:
    """Begin HTTP/2 without TLS on a free port of this machine, and say nothing more; give the port's number."""

    def begin(connection: socket.socket) -> None:
        connection.sendall(_SETTINGS)
        while connection.recv(65536):
            pass

    with _listening(begin) as port:
        yield port


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection after the other."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def accept() -> None:
            with suppress(OSError):  # the listener has been shut down
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
