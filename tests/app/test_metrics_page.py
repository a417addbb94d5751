"""The page of metrics: addresses that cannot be used, and readers that stall, leave or send garbage."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from unittest.mock import patch
from urllib.request import urlopen

import pytest

from groundwire_server.adapters.metrics.registry import MetricRegistry
from groundwire_server.app import metrics_page as module
from groundwire_server.app.metrics_page import READERS, metrics_page
from groundwire_server.telemetry.metrics import PASSAGES_DROPPED


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


def refused(listen: str, caplog: pytest.LogCaptureFixture) -> str:
    """The one line of an address that cannot be used; what is served goes on without the page."""
    with metrics_page(listen, MetricRegistry()):
        pass
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    return record.getMessage()


def test_a_port_that_is_taken_is_one_line(taken: str, caplog: pytest.LogCaptureFixture) -> None:
    assert f"telemetry.prometheus_listen {taken} cannot be used (Address already in use)" in refused(taken, caplog)


@pytest.mark.parametrize("listen", ["192.0.2.1:9464", "no-such-host.invalid:9464", "[2001:db8::1]:9464"])
def test_an_address_that_is_not_this_machines_is_one_line(listen: str, caplog: pytest.LogCaptureFixture) -> None:
    assert f"telemetry.prometheus_listen {listen} cannot be used (" in refused(listen, caplog)


def test_a_port_that_needs_a_permission_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with patch.object(socket.socket, "bind", side_effect=PermissionError(13, "Permission denied")):
        assert "127.0.0.1:80 cannot be used (Permission denied)" in refused("127.0.0.1:80", caplog)


class Page:
    """A page that is served."""

    def __init__(self, port: int) -> None:
        self._port = port

    def read(self) -> str:
        with urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=30) as response:
            return str(response.read().decode())

    def connected(self, sent: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        connection.sendall(sent)
        return connection


@pytest.fixture
def page(caplog: pytest.LogCaptureFixture) -> Iterator[Page]:
    caplog.set_level(logging.DEBUG)
    metrics = MetricRegistry()
    metrics.add(PASSAGES_DROPPED, 7)
    with metrics_page("127.0.0.1:0", metrics):
        (record,) = caplog.records
        yield Page(int(record.getMessage().removesuffix("/metrics").rpartition(":")[2]))


STALLS = {
    "nothing": b"",
    "half a line": b"GET /met",
    "half a head": b"GET /metrics HTTP/1.1\r\nHost: here\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a body that does not come": b"POST /metrics HTTP/1.1\r\nContent-Length: 1000000\r\n",
}


@pytest.mark.parametrize("sent", STALLS.values(), ids=list(STALLS))
def test_readers_that_stall_keep_no_scraper_out_and_hold_few_threads(page: Page, sent: bytes) -> None:
    before = threading.active_count()
    with ExitStack() as stalled:
        for _ in range(10 * READERS):
            stalled.enter_context(page.connected(sent))
        assert "groundwire_passages_dropped_total 7.0" in page.read()
        # One that was ended may not have noticed it yet.
        while threading.active_count() > before + READERS:
            assert "groundwire_passages_dropped_total 7.0" in page.read()


GARBAGE = {
    "zeros": b"\0" * 100_000 + b"\r\n\r\n",
    "a line without an end": b"GET /" + b"a" * 100_000,
    "many headers": b"GET / HTTP/1.1\r\n" + b"".join(b"x%d: y\r\n" % number for number in range(1000)) + b"\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another method": b"DELETE /metrics HTTP/1.1\r\n\r\n",
    "a length that is no number": b"GET /metrics HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    "words that are no ASCII": "GET /métrics HTTP/1.1\r\nHöst: x\r\n\r\n".encode(),
    "names of metrics that are not there": b"GET /metrics?name[]=x&name[]=%ff HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=list(GARBAGE))
def test_garbage_is_answered_or_dropped_and_nothing_is_printed(
    page: Page, sent: bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(READERS):
        with page.connected(b"") as connection:
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                # It had seen enough.
                continue
    assert "groundwire_passages_dropped_total 7.0" in page.read()
    assert capfd.readouterr().err == ""
    assert not [record for record in caplog.records if record.exc_info or "Traceback" in record.getMessage()]


def test_a_reader_that_is_silent_is_left(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._Handler, "timeout", 0.01)
    with page.connected(b"GET") as connection:
        assert connection.recv(1024) == b""
