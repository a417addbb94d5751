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
            with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
                secured.recv(1)
