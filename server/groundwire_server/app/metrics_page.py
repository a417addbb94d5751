"""The page of metrics that Prometheus scrapes."""

import io
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from groundwire_server.adapters.metrics.registry import MetricRegistry

READERS: Final = 8
"""Connections that are served at once; a further one ends the oldest, so that one that stalls keeps no scraper out."""
_SILENCE_SECONDS: Final = 10.0
"""How long a connection may say nothing, or take nothing."""
_LOOK_SECONDS: Final = 0.05
"""How long the end of a server waits for the page at most."""

_log = logging.getLogger(__name__)


@contextmanager
def metrics_page(listen: str | None, metrics: MetricRegistry, *, reuse_port: bool = False) -> Iterator[None]:
    """Serve metrics over HTTP, in threads of their own, until the context is left.

    An address that cannot be used is logged: a server answers questions without it.

    Args:
        listen: HOST:PORT; None serves none.
        metrics: of the process.
        reuse_port: whether a process that replaces this one may listen there already.
    """
    if listen is None:
        yield
        return
    host, _, port = listen.rpartition(":")
    try:
        server = _PageServer(host.strip("[]"), int(port), reuse_port=reuse_port)
    except OSError as error:
        _log.error(
            "No metrics are served: telemetry.prometheus_listen %s cannot be used (%s). Free it, or choose another "
            "and restart.",
            listen,
            error.strerror,
        )
        yield
        return
    server.set_app(make_wsgi_app(metrics.registry))
    thread = threading.Thread(target=server.serve_forever, args=(_LOOK_SECONDS,), name="metrics-page", daemon=True)
    thread.start()
    _log.info("metrics are served at http://%s:%d/metrics", host, server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(WSGIRequestHandler):
    """Serves one request; what goes wrong with it is one line of the log."""

    timeout = _SILENCE_SECONDS

    def handle(self) -> None:
        self._errors = io.StringIO()
        super().handle()
        if said := self._errors.getvalue().strip():
            # The last line of a traceback: the exception and its message.
            _log.warning("the page of metrics was not sent", extra={"error": said.splitlines()[-1].partition(":")[0]})

    def get_stderr(self) -> io.StringIO:
        return self._errors

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """Log no request."""


class _PageServer(ThreadingMixIn, WSGIServer):
    """Serves each connection in a thread, and few of them at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, *, reuse_port: bool) -> None:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family, *_, address = found[0]
        self.allow_reuse_port = reuse_port
        self._lock = threading.Lock()
        # The oldest first.
        self._served: dict[socket.socket, None] = {}
        super().__init__((str(address[0]), port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, and end the oldest where there are too many."""
        with self._lock:
            if len(self._served) >= READERS:
                oldest = next(iter(self._served))
                del self._served[oldest]
                with suppress(OSError):
                    # Its thread reads the end of it; one that writes can write no more.
                    oldest.shutdown(socket.SHUT_RDWR)
            self._served[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        with self._lock:
            self._served.pop(request, None)
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log that a connection broke off or was silent for too long; the library would print a traceback."""
        _log.debug("a reader of metrics left", extra={"error": type(sys.exception()).__name__})
