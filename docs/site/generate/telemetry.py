"""The reference of the telemetry, from the names in `telemetry/names.py` and the stages of the path."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from docs.site.generate import markdown
from docs.site.generate.outcomes import words
from groundwire_server import pipeline
from groundwire_server.telemetry import names

_METRIC = "METRIC_"
_SENT = "Metrics are sent once a minute and when the server stops, unless `telemetry.otlp.metrics.enabled` is false."


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Telemetry",
        "Spans and metrics are exported over OTLP when an endpoint is configured. "
        "[Read a trace](../how-to/trace.md) shows how to look at them.",
        " ".join(markdown.prose(part) for part in (inspect.getdoc(names) or "").split("\n\n")[1:]),
        "## Spans",
        "A call is one span of kind SERVER, named after its method, such as `groundwire.v1.AnswerService/Answer`. Each "
        "stage that ran is a child of it. A stage that runs again, with another model or a shorter prompt, is another "
        "span with the next `groundwire.attempt`.",
        "● marks those that this version runs.",
        markdown.table(["", "span", "the stage"], _spans()),
        "## Attributes",
        markdown.table(["attribute", "holds"], attributes()),
        "## Metrics",
        markdown.prose(_SENT),
        markdown.table(["metric", "counts"], metrics()),
        "## In the response",
        "The trace id is in the outcome's report (`trace_id`), and in the trailing metadata `groundwire-trace-id` of "
        "every call, failed ones included. A caller's own W3C `traceparent` is continued.",
    )


def attributes() -> Iterator[tuple[str, str]]:
    """Return each attribute and operation with the sentence under it."""
    return ((markdown.code(value), said) for name, value, said in _constants() if not name.startswith(_METRIC))


def metrics() -> Iterator[tuple[str, str]]:
    """Return each metric with the sentence under it."""
    return ((markdown.code(value), said) for name, value, said in _constants() if name.startswith(_METRIC))


def _constants() -> Iterator[tuple[str, str, str]]:
    body = ast.parse(inspect.getsource(names)).body
    for number, each in enumerate(body):
        match each:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(value))):
                follows = body[number + 1] if number + 1 < len(body) else None
                yield name, value, markdown.prose(_sentence(follows))
            case _:
                pass


def _sentence(following: ast.stmt | None) -> str:
    match following:
        case ast.Expr(value=ast.Constant(value=str(said))):
            return " ".join(said.split())
        case _:
            return ""


def _spans() -> Iterator[tuple[str, str, str]]:
    paths = "".join(path.read_text(encoding="utf-8") for path in Path(pipeline.__path__[0]).glob("*.py"))
    for word, said in words("Stage"):
        name = word.strip("`")
        runs = re.search(rf"run\.(?:stage|compute)\(\s*Stage\.{name}\b", paths)
        yield "●" if runs else "", markdown.code(f"groundwire.{name.lower()}"), said
