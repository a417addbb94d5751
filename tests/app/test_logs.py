"""What reaches the log."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from groundwire_server.app.logs import COMMON_FIELDS, QUIET, Logs, logging_to
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.line_sums import WINDOW, LineSums
from tests.doubles.clock import SetClock
from tests.doubles.counts import Counts
from tests.doubles.spans import Spans


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Logs are set up for a test alone."""
    root = logging.getLogger()
    others = [logging.getLogger(name) for name in ("grpc", *QUIET)]
    handlers, level, levels = root.handlers[:], root.level, [each.level for each in others]
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for each, before in zip(others, levels, strict=True):
        each.setLevel(before)


class Written:
    """A log to write to, whose lines can be read after its end."""

    def __init__(self, level: str = "DEBUG", stream: io.StringIO | None = None, worker: int | None = None) -> None:
        self.clock = SetClock()
        self.stream = stream or io.StringIO()
        self._logging = logging_to(self.stream, level, LineSums(self.clock.now), worker)

    def __enter__(self) -> Logs:
        return self._logging.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self._logging.__exit__(*raised)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def test_a_line_says_when_how_bad_and_whose_and_has_the_records_own_fields() -> None:
    with (written := Written()):
        logging.getLogger("groundwire_server.edge").warning("%s was late", "a call", extra={"status": "OK"})
    (line,) = written.lines
    assert list(line) == ["time", "level", "logger", "message", "status"]
    assert line["time"].endswith("+00:00")
    assert list(line.values())[1:] == ["WARNING", "groundwire_server.edge", "a call was late", "OK"]


def test_the_fields_that_the_reference_lists_are_those_of_lines() -> None:
    log = logging.getLogger("groundwire_server")
    with (written := Written(worker=2)), Spans().tracer.start_as_current_span("call"):
        try:
            raise ValueError
        except ValueError:
            log.exception("it failed", extra={"event": "failure"})
        for _ in range(11):
            log.info("again")
    assert {name for line in written.lines for name in line} == set(COMMON_FIELDS)
    always = list(COMMON_FIELDS)[: list(COMMON_FIELDS).index("event")]
    assert [list(line)[:4] for line in written.lines] == [always] * len(written.lines)


@pytest.mark.parametrize("worker", [None, 3])
def test_a_line_says_which_worker_wrote_it_where_there_are_several(worker: int | None) -> None:
    with (written := Written(worker=worker)):
        logging.getLogger("groundwire_server").info("here")
    assert written.lines[0].get("worker") == worker


def test_of_an_exception_the_type_alone_is_written() -> None:
    with (written := Written()):
        try:
            raise ValueError("a document's text")
        except ValueError:
            logging.getLogger("groundwire_server").exception("it failed")
    assert written.lines[0]["exception"] == "ValueError"
    assert "a document's text" not in written.stream.getvalue()


def test_a_line_carries_the_trace_that_it_was_written_in() -> None:
    with (written := Written()), Spans().tracer.start_as_current_span("call") as span:
        logging.getLogger("groundwire_server").info("here")
    assert written.lines[0]["trace_id"] == f"{span.get_span_context().trace_id:032x}"


def test_our_details_are_shown_and_those_of_grpc_are_not() -> None:
    with (written := Written()):
        logging.getLogger("grpc._cython.cygrpc").debug("Loaded running loop")
        logging.getLogger("groundwire_server.edge").debug("the caller left")
    assert [line["message"] for line in written.lines] == ["the caller left"]


def test_grpc_is_no_louder_than_the_rest() -> None:
    with (written := Written("ERROR")):
        logging.getLogger("grpc._cython.cygrpc").warning("something")
    assert written.lines == []


def test_weaviates_client_tells_of_no_object() -> None:
    with (written := Written()):
        logging.getLogger("weaviate-client").error({"errors": {1: "BatchObject(properties={'text': 'a document'})"}})
    assert written.lines == []


@pytest.mark.parametrize(
    ("library", "level", "said"),
    [
        ("sqlalchemy.engine.Engine", logging.INFO, "[generated in 0.1s] ('a subject',)"),
        ("aiormq.connection", logging.DEBUG, "Sending <Connection.StartOk response=b'\\x00guest\\x00secret'>"),
        ("aio_pika.exchange", logging.DEBUG, "Publishing message via exchange"),
    ],
)
def test_clients_of_databases_and_brokers_show_no_values(library: str, level: int, said: str) -> None:
    with (written := Written()):
        logging.getLogger(library).log(level, said)
    assert written.lines == []


def test_an_outage_is_a_few_lines_and_their_number() -> None:
    counts = Counts()
    with (written := Written()) as logs:
        for number in range(1000):
            logging.getLogger("groundwire_server.adapters").warning("the store does not answer", extra={"n": number})
        logging.getLogger("groundwire_server.adapters").warning("something else")
        written.clock.move(WINDOW)
        logs.report(counts)
        logs.report(counts)
    messages = [line["message"] for line in written.lines]
    assert messages == [*["the store does not answer"] * 10, "something else", "990 more: the store does not answer"]
    assert (written.lines[-1]["left_out"], written.lines[-1]["level"]) == (990, "WARNING")
    assert counts.of(metrics.LOG_LINES_SUMMED) == 990


def test_the_end_says_what_was_left_out() -> None:
    with (written := Written()):
        for _ in range(12):
            logging.getLogger("groundwire_server").info("again")
    assert written.lines[-1]["message"] == "2 more: again"


class Stalled(io.StringIO):
    """A terminal that is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def write(self, text: str) -> int:
        self.goes_on.wait()
        return super().write(text)


def test_a_reader_that_stops_costs_lines_that_are_counted_and_no_time() -> None:
    stream, counts = Stalled(), Counts()
    with (written := Written(stream=stream)) as logs:
        for number in range(12_000):
            logging.getLogger("groundwire_server").info("line %d", number, extra={"left_out": 0})
        logs.report(counts)
        stream.goes_on.set()
    lost = counts.of(metrics.TELEMETRY_DROPPED, "logs", "NOT_WRITTEN")
    assert 1900 <= lost <= 2000
    assert len(written.lines) == 12_000 - lost


class Full(io.StringIO):
    """A file on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_costs_lines_that_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with Written(stream=Full()) as logs:
        logging.getLogger("groundwire_server").info("one")
        logging.getLogger("groundwire_server").info("another")
    assert logs.dropped == 2
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("said", "written_as"),
    [
        ("Task exception was never retrieved\nfuture: <Task exception=ValueError('a text')>", "Task exception was"),
        ("Exception in callback answer('a text')\nhandle: <Handle answer('a text')>", "Exception in callback answer"),
        ("Executing <Task coro=answer('a text')> took 0.2 seconds", "Executing"),
    ],
)
def test_asyncio_tells_of_no_value(said: str, written_as: str) -> None:
    with (written := Written()):
        logging.getLogger("asyncio").error("%s", said)
    assert written.lines[0]["message"].startswith(written_as)
    assert "a text" not in written.stream.getvalue()


def test_of_an_exception_that_a_library_logs_the_type_alone_is_written() -> None:
    with (written := Written()):
        logging.getLogger("library").error("%s", ValueError("a text"), extra={"error": KeyError("a text")})
    assert (written.lines[0]["message"], written.lines[0]["error"]) == ("ValueError", "KeyError")
    assert "a text" not in written.stream.getvalue()
