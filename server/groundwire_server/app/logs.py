"""Logs: one JSON object per line on standard error, never with a user's or a document's text."""

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A formatter that writes a record and its extra fields as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record; of an exception only the type is written, not the message."""
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
    """Write logs to standard error.

    Args:
        level: the lowest level that is written, such as `INFO`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It would log every request to a store, with its address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # It would log the objects of a batch that was rejected in part, with their texts.
    logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)
    # Its debug logs are several lines per call, none of them about the call.
    logging.getLogger("grpc").setLevel(max(logging.INFO, logging.getLogger().level))
