"""The server's log lines as log records over OTLP."""

import logging
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context

from groundwire_server.app.configuration.models.telemetry import OtlpBatchConfig
from groundwire_server.app.logs import fields_of
from groundwire_server.app.telemetry.otlp import OtlpLogExporter

if TYPE_CHECKING:
    from groundwire_server.app.telemetry.delivery import Backlog
    from groundwire_server.app.telemetry.otlp import Export

_SEVERITIES: Final = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}
_HEXADECIMAL: Final = 16


class OtlpLogHandler(logging.Handler):
    """Sends the records that are written, with the same fields, from a thread of its own.

    Args:
        provider: of loggers, which ends with the handler.
        backlog: bounds what waits.
        scope: what the records come from.
    """

    def __init__(self, provider: LoggerProvider, backlog: "Backlog", scope: InstrumentationScope) -> None:
        super().__init__()
        self._provider = provider
        self._backlog = backlog
        self._ended = False
        self._logger = provider.get_logger(scope.name, scope.version, scope.schema_url)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, or drop and count it; the last lines of a process are written alone."""
        if self._ended or not self._backlog.enter():
            return
        fields: dict[str, Any] = {"logger": record.name, **fields_of(record)}
        event = fields.pop("event", None)
        trace, span = (int(fields.pop(name, "0"), _HEXADECIMAL) for name in ("trace_id", "span_id"))
        within = NonRecordingSpan(SpanContext(trace, span, is_remote=False))
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                observed_timestamp=time_ns(),
                context=set_span_in_context(within, Context()),
                severity_text=record.levelname,
                severity_number=_SEVERITIES.get(record.levelno, SeverityNumber.UNSPECIFIED),
                body=record.getMessage(),
                attributes=fields,
                event_name=event,
            )
        )

    def shutdown(self) -> None:
        """Export what is left. Blocks."""
        self._ended = True
        self._provider.shutdown()


def log_handler(
    export: "Export", resource: Resource, scope: InstrumentationScope, section: OtlpBatchConfig
) -> OtlpLogHandler:
    """Return a handler that sends records to a receiver."""
    provider = LoggerProvider(resource, shutdown_on_exit=False)
    provider.add_log_record_processor(
        BatchLogRecordProcessor(
            OtlpLogExporter(export),
            max_queue_size=section.queue_size,
            schedule_delay_millis=1000 * section.delay_seconds,
            max_export_batch_size=min(section.batch_size, section.queue_size),
        )
    )
    return OtlpLogHandler(provider, export.backlog, scope)
