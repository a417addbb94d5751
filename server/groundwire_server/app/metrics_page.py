"""The page of metrics that Prometheus scrapes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from groundwire_server.adapters.metrics.registry import MetricRegistry

_log = logging.getLogger(__name__)


@contextmanager
def metrics_page(listen: str | None, metrics: MetricRegistry) -> Iterator[None]:
    """Serve metrics over HTTP, in threads of their own, until the context is left.

    An address that cannot be used is logged: a server answers questions without it.

    Args:
        listen: HOST:PORT; None serves none.
        metrics: of the process.
    """
    if listen is None:
        yield
        return
    host, _, port = listen.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), metrics.registry)
    except OSError as error:
        _log.error(
            "No metrics are served: telemetry.prometheus_listen %s cannot be used (%s). Free it, or choose another "
            "and restart.",
            listen,
            error.strerror,
        )
        yield
        return
    _log.info("metrics are served at http://%s:%d/metrics", host, server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
