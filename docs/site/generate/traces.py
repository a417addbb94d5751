"""The reference of traces, from the names in `telemetry/names.py` and the stages of the path."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from docs.site.generate import markdown
from docs.site.generate.outcomes import words
from groundwire_server import pipeline
from groundwire_server.edge.interceptors.context import SERVER_ERRORS
from groundwire_server.telemetry import names

_CALLS = (
    ("`chat MODEL`", "One call of a language model with all its retries; each retry is an event of the span."),
    ("`embeddings MODEL`", "One call of an embedding model, the local one included."),
    ("`evaluate MODEL`", "One call of a checker; each sentence that it rates is an event. A judge's model is within."),
    ("`rerank MODEL`", "One call of a reranker, all batches of its texts included."),
    ("`guard MODEL`", "One call of a guard outside the server, all batches of its texts included; MODEL is its name."),
    ("`search.hybrid COLLECTION`", "One search; also `search.keyword` and `search.vector`."),
    ("`OPERATION COLLECTION`", "Any other request to Weaviate, such as `fetch_objects`."),
)


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Traces",
        "Spans are exported over OTLP when an endpoint is configured. [Read a trace](../how-to/trace.md) shows how to "
        "look at them.",
        " ".join(markdown.prose(part) for part in (inspect.getdoc(names) or "").split("\n\n")[1:]),
        "## Spans",
        "A call is one span of kind SERVER, named after its method, such as `groundwire.v1.AnswerService/Answer`. Each "
        "stage that ran is a child of it. A stage that runs again, with another model or a shorter prompt, is another "
        "span with the next `groundwire.attempt`.",
        "● marks those that this version runs.",
        markdown.table(["", "span", "the stage"], _spans()),
        "What a stage or a call asks of a dependency has a span within it, of kind CLIENT, or INTERNAL for the local "
        "embedder, judges, checkers and rerankers on this machine, and the embedded store:",
        markdown.table(["span", "is"], _CALLS),
        "## Errors",
        "The span of a call has an error status, and its status as `error.type`, where the status is the server's "
        f"fault: {', '.join(sorted(markdown.code(each.name) for each in SERVER_ERRORS))}. Any other status is its "
        "caller's. Spans of models, embedders and stores have them whenever the call failed, also where it was "
        "cancelled at its deadline. A call that joins or resumes the run of another links to that call's span.",
        "## Attributes",
        markdown.table(["attribute, operation or event", "holds"], attributes()),
        "## In the response",
        "The trace id is in the outcome's report (`trace_id`), and in the trailing metadata `groundwire-trace-id` of "
        "every call, failed ones included. A caller's own W3C `traceparent` is continued.",
    )


def attributes() -> Iterator[tuple[str, str]]:
    """Return each attribute and operation with the sentence under it."""
    return ((markdown.code(value), said) for value, said in _constants())


def _constants() -> Iterator[tuple[str, str]]:
    body = ast.parse(inspect.getsource(names)).body
    for number, each in enumerate(body):
        match each:
            case ast.Assign(targets=[ast.Name()], value=ast.Constant(value=str(value))):
                follows = body[number + 1] if number + 1 < len(body) else None
                yield value, markdown.prose(_sentence(follows))
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
