"""Logs: one JSON object per line on standard error, never with a user's or a document's text.

Lines are written by a thread of their own: a terminal that is stopped, a full pipe or a full disk costs lines, which
are counted, and no answer. Lines alike are summed once there are many of them.
"""

import logging
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from queue import Full, Queue
from typing import Any, Final, TextIO

import structlog
from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from groundwire_server.app.log_stream import LogStream
from groundwire_server.edge import decision_log, security_events
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.line_sums import LineKind, LineSums

_QUEUED: Final = 10_000
"""Lines that wait while their reader is slow; more are dropped."""

COMMON_FIELDS: Final[Mapping[str, str]] = {
    "time": "When it happened, in UTC.",
    "level": "How bad it is: `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.",
    "logger": "The part of the server that wrote it.",
    "message": "What happened, in words.",
    "event": "The kind of line, where programs are expected to read it.",
    "worker": "The number of the worker that wrote it, or that it is about, where there are several.",
    "trace_id": "The id of the trace that was recorded at that time.",
    "span_id": "The span within that trace.",
    "left_out": "On a line that sums others: how many lines it stands for.",
    "exception": "The type of an unexpected exception; never its message.",
}
"""Fields that any line may have, for the reference; those before `event` are on every line."""

_STANDARD: Final = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime", "taskName"}

_VALUES: Final = re.compile(r"[(<\n]")
"""What values begin with in a message of asyncio's."""

QUIET: Final[Mapping[str, int]] = {
    # It would log every request to a store, with its address.
    "httpx": logging.WARNING,
    # It would log the objects of a batch that was rejected in part, with their texts.
    "weaviate-client": logging.CRITICAL,
    # It would log each step of an upgrade of the database of records, and what it found before it.
    "alembic": logging.WARNING,
    # It would log every call.
    "pinecone": logging.WARNING,
    # They would log every statement with its values, such as the name of a subject.
    "sqlalchemy": logging.WARNING,
    # They would log every frame, among them the one with the password.
    "aiormq": logging.WARNING,
    "aio_pika": logging.WARNING,
}
"""Loggers of libraries, with the lowest level that is written of each."""

_END_SECONDS: Final = 2.0
"""How long the end of a process waits for a reader that is slow."""

_OURS: Final = "groundwire"
"""What the names of our own loggers begin with."""

_SUMMED_ELSEWHERE: Final = frozenset({decision_log.LOGGER, security_events.LOGGER})
"""Loggers whose lines are counted before they come here."""


class Logs:
    """The log of a running process.

    Attributes:
        sums: decides which lines are written.
        dropped: lines that were lost since the last report, since nobody took them.
    """

    def __init__(self, sums: LineSums, queue: "Queue[logging.LogRecord | None]", stream: TextIO) -> None:
        self.sums = sums
        self.dropped = 0
        self._stream = LogStream(stream)
        self.writing = _Writing(self._stream, self)
        self._listener = _Listening(queue, self.writing)

    def also(self, handler: logging.Handler) -> None:
        """Give all that is written to another handler, too, from the same thread."""
        self._listener.handlers = (*self._listener.handlers, handler)

    def start(self) -> None:
        """Begin to write."""
        self._listener.start()

    def stop(self) -> None:
        """Write what waits, and end; where its reader has stopped, drop it."""
        self._listener.stop()
        if self._listener.writes:
            self._stream.give_up()
            self._listener.stop()

    def report(self, recorder: Metrics) -> None:
        """Log how many lines were left out in the windows that have ended, and count those and what was lost."""
        if left_out := self.end_windows():
            recorder.add(metrics.LOG_LINES_SUMMED, left_out)
        if self.dropped:
            recorder.add(metrics.TELEMETRY_DROPPED, self.dropped, "logs", "NOT_WRITTEN")
            self.dropped = 0

    def end_windows(self, *, all_windows: bool = False) -> int:
        """Log how many lines were left out in the windows that have ended, and return their number."""
        left_out = 0
        for line_sum in self.sums.ended(all_windows=all_windows):
            kind, left_out = line_sum.kind, left_out + line_sum.left_out
            more = {"left_out": line_sum.left_out, **dict(kind.fields)}
            logging.getLogger(kind.logger).log(kind.level, "%d more: %s", line_sum.left_out, kind.message, extra=more)
        return left_out


@contextmanager
def logging_to(stream: TextIO, level: str, sums: LineSums, worker: int | None = None) -> Iterator[Logs]:
    """Write logs to a stream until the context is left.

    Args:
        stream: takes the lines.
        level: the lowest level that is written, such as `INFO`.
        sums: decides which lines are written.
        worker: the number of this process among several.
    """
    queue: Queue[logging.LogRecord | None] = Queue(_QUEUED)
    logs = Logs(sums, queue, stream)
    logging.basicConfig(level=level, handlers=[_Enqueuing(queue, logs, worker)], force=True)
    _quieten()
    logs.start()
    try:
        yield logs
    finally:
        logs.end_windows(all_windows=True)
        logging.basicConfig(level=level, handlers=[logs.writing], force=True)
        logs.stop()


def json_lines() -> logging.Formatter:
    """Return a formatter that writes a record and its extra fields as one line of JSON."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.processors.EventRenamer("message"), structlog.stdlib.ExtraAdder(), _origin],
        processors=[
            _exception_by_type,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ],
    )


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return a record's own fields, beside those that every record has."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class _Writing(logging.StreamHandler[LogStream]):
    """Writes lines; one that cannot be written is counted, since there is no other place to say so."""

    def __init__(self, stream: LogStream, logs: Logs) -> None:
        super().__init__(stream)
        self.setFormatter(json_lines())
        self._logs = logs

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the library's name
        """Count a line that could not be written."""
        self._logs.dropped += 1


class _Listening(QueueListener):
    """The thread that writes."""

    def __init__(self, queue: "Queue[logging.LogRecord | None]", *handlers: logging.Handler) -> None:
        super().__init__(queue, *handlers)
        self._lines = queue

    @property
    def writes(self) -> bool:
        """Whether it has not ended."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """End after what waits has been written; where its reader has stopped, wait no longer."""
        with suppress(Full):
            # What ends the thread.
            self._lines.put(None, timeout=_END_SECONDS)
        if self._thread is not None:
            self._thread.join(_END_SECONDS)


class _Enqueuing(QueueHandler):
    """Hands records to the thread that writes them, each with the trace that it belongs to."""

    def __init__(self, queue: "Queue[logging.LogRecord | None]", logs: Logs, worker: int | None) -> None:
        super().__init__(queue)
        self._logs = logs
        self._worker = worker

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a record, unless it is one of many."""
        if not record.name.startswith(_OURS):
            _remove_exceptions(record)
        if record.name not in _SUMMED_ELSEWHERE and not hasattr(record, "left_out"):
            kind = LineKind(record.name, record.levelno, record.getMessage())
            if not self._logs.sums.admit(kind):
                return False
        return bool(super().handle(record))

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return the record as it is: it stays in this process."""
        if self._worker is not None:
            record.worker = self._worker
        context = get_current_span().get_span_context()
        if context.is_valid:
            record.trace_id = format_trace_id(context.trace_id)
            record.span_id = format_span_id(context.span_id)
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put a record into the queue, or count it."""
        try:
            self.queue.put_nowait(record)
        except Full:
            self._logs.dropped += 1


def _remove_exceptions(record: logging.LogRecord) -> None:
    """Leave of exceptions in a library's record their types alone, and of asyncio's messages what comes before values.

    asyncio writes the arguments of a callback into its messages, and what a task has raised.
    """
    if record.name == "asyncio":
        record.msg, record.args = _VALUES.split(record.getMessage(), maxsplit=1)[0], ()
    if isinstance(record.args, tuple):
        record.args = tuple(_type_of_exception(each) for each in record.args)
    for name, value in fields_of(record).items():
        if isinstance(value, BaseException):
            setattr(record, name, _type_of_exception(value))


def _type_of_exception(value: object) -> object:
    return type(value).__name__ if isinstance(value, BaseException) else value


def _quieten() -> None:
    for library, level in QUIET.items():
        logging.getLogger(library).setLevel(level)
    # Its debug logs are several lines per call, none of them about the call.
    logging.getLogger("grpc").setLevel(max(logging.INFO, logging.getLogger().level))


def _origin(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put first when, how bad and whose a line is."""
    record: logging.LogRecord = event["_record"]
    return {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        **event,
    }


def _exception_by_type(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write of an exception its type alone: its message may hold a text."""
    raised = event.pop("exc_info", None)
    if raised and raised[0] is not None:
        event["exception"] = raised[0].__name__
    return event
