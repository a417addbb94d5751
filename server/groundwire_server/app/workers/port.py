"""The port that workers share."""

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def held_port(address: str) -> Iterator[str]:
    """Hold an address for the workers until the context is left, and yield it with the port that it has.

    Who binds the port first has it alone; only then is sharing allowed, so that another server is refused. What holds
    it does not listen: connections go to the workers.

    Args:
        address: HOST:PORT; port 0 lets the system choose one.

    Raises:
        OSError: when it is in use or cannot be bound.
    """
    host, _, named = address.rpartition(":")
    port = int(named)
    with ExitStack() as held:
        unavailable: OSError | None = None
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, place in found:
            holding = socket.socket(family, kind, protocol)
            held.callback(holding.close)
            try:
                holding.bind((place[0], port, *place[2:]))
            except OSError as failed:
                if failed.errno != errno.EADDRNOTAVAIL:
                    raise OSError(failed.errno, f"cannot listen on {address}: is another server using it?") from None
                # A name may stand for an address of a kind that this machine does not have.
                unavailable = failed
                continue
            holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            port = holding.getsockname()[1]
        if not port and unavailable is not None:
            raise unavailable
        yield f"{host}:{port}"
