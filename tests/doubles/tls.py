"""A listener that shows its certificate and says nothing more."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path


@contextmanager
def showing(certificate: Path, key: Path) -> Iterator[int]:
    """Listens on a free port of this machine, and gives its number.

    It is not gRPC's: a server of its that is stopped just after a connection was closed in its handshake ends the
    whole process now and then.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # Without it gRPC's clients complain of that, before they look at the name.
    context.set_alpn_protocols(["h2"])
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        shown = threading.Thread(target=_show, args=(listener, context))
        shown.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            shown.join()


def _show(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):  # the listener has been shut down
        while True:
            plain, _ = listener.accept()
            secured = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            with secured, suppress(OSError):
                try:
                    secured.do_handshake()
                    secured.recv(1)
                except ssl.SSLError:
                    _hang_up(secured)


def _hang_up(secured: ssl.SSLSocket) -> None:
    """Close a connection in order: what was sent and not read would have it reset."""
    with socket.socket(fileno=secured.detach()) as plain:
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(65536):
            pass
