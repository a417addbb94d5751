"""Logs as one JSON object a line on standard error: what happened, never a text."""

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A record with its extra fields as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Render a record; an exception is named, its message stays out."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, default=str, ensure_ascii=False)


def set_up_logs(level: str) -> None:
    """Send every log line to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It would write a line for every request to a store, with its address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Of a batch that was refused in part it would write whole objects, with the texts in them.
    logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)
    # In its own details gRPC writes several lines a call, and none of them is about the call.
    logging.getLogger("grpc").setLevel(max(logging.INFO, logging.getLogger().level))
