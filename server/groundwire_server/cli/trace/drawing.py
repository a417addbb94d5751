"""Printing calls: a chart of one, a table of several."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.trace.calls import TracedCall
from groundwire_server.cli.trace.record import CallRecord, record_of, with_spans
from groundwire_server.cli.trace.spans import TracedSpan
from groundwire_server.cli.waterfall import Bar, Chart, time_text, waterfall
from groundwire_server.cli.words import ACTIONS, CAUSES, NEXT_STEPS, RESULTS
from groundwire_server.telemetry import names

_TABLE_WIDTH = 136
"""Columns below which a table would break its words."""
_LABEL = 11
_STAGE = "groundwire."
_MICROS = 1_000_000


def draw(calls: Sequence[TracedCall], *, as_json: bool) -> None:
    """Print each call of a trace: its outcome, and where its time went."""
    console = Terminal()
    for number, call in enumerate(calls):
        if as_json:
            print(json.dumps(with_spans(call), ensure_ascii=False))
            continue
        if number:
            console.print()
        _print_head(console, record_of(call))
        chart = Chart(call.seconds, call.first_token, call.trace_id, [_bar(call, *each) for each in call.within])
        for line in waterfall(chart, console.width, ascii_only=console.options.ascii_only):
            console.print(line, no_wrap=True, overflow="crop")


def show_list(calls: Sequence[TracedCall], *, as_json: bool) -> None:
    """Print calls, one a line: a table on a wide terminal, two lines each on a narrow one, tabs elsewhere."""
    console = Terminal()
    records = [record_of(call) for call in calls]
    if as_json:
        for record in records:
            print(json.dumps(asdict(record), ensure_ascii=False))
    elif not console.is_terminal:
        for record in records:
            print("\t".join(_columns(record)))
    elif console.width < _TABLE_WIDTH:
        for record in records:
            _print_narrow(console, record)
    else:
        console.print(_table(records))


def _print_head(console: Terminal, record: CallRecord) -> None:
    if not record.complete:
        console.hang(
            Text(),
            Text(
                "the call's own span is not there: the call is running, or the span is still to be "
                "exported, which takes seconds; what is there is shown",
                style="yellow",
            ),
        )
        return
    head = Text(record.result.replace("_", " "), style="bold")
    if record.outcome in RESULTS:
        head.append(f": {RESULTS[record.outcome]}", style="not bold")
    console.hang(Text(), head)
    for label, said in _facts(record):
        console.hang(Text(f"{label:<{_LABEL}}", style="dim"), Text(one_line(said)))
    console.print()


def _facts(record: CallRecord) -> Iterator[tuple[str, str]]:
    """Yield what is known of a call, each with its label."""
    for label, name, meanings in (
        ("cause", record.cause, CAUSES),
        ("action", record.action, ACTIONS),
        ("next step", record.next_step, NEXT_STEPS),
    ):
        if name:
            yield label, f"{name}: {meanings[name]}" if name in meanings else name
    yield "call", f"{record.method.rpartition('.')[2]}, status {record.status or 'unknown'}"
    route = f"route {record.route}" if record.route else ""
    tenant = f"tenant {record.tenant}" if record.tenant else ""
    where = ", ".join(each for each in (tenant, route) if each)
    if where:
        yield "for", where
    yield "request", record.request_id
    yield "began", record.start
    if record.model:
        attempts = f", {record.attempts} attempts" if record.attempts > 1 else ""
        yield "model", f"{record.model}{attempts}"
    if record.input_tokens is not None or record.output_tokens is not None:
        yield "tokens", f"{record.input_tokens or 0} in, {record.output_tokens or 0} out{_cost(record)}"


def _cost(record: CallRecord) -> str:
    if not record.cost_micros or not record.currency:
        return ""
    return f", {record.cost_micros / _MICROS:.6f} {record.currency}"


def _bar(call: TracedCall, depth: int, span: TracedSpan) -> Bar:
    stage = span.name.startswith(_STAGE)
    label = span.name.removeprefix(_STAGE)
    attempt = span.number(names.ATTEMPT)
    if stage and attempt and call.attempts > 1:
        label += f" {attempt:.0f}"
    if not stage and span.service and call.own is not None and span.service != call.own.service:
        label = f"{span.service}: {label}"
    return Bar(
        label=one_line(label),
        start=max(span.start - call.start, 0.0),
        duration=span.duration,
        budget=span.number(names.STAGE_BUDGET),
        failure=one_line(_failure(span)),
        notes=tuple(one_line(note) for note in _notes(span)),
        depth=depth,
    )


def _failure(span: TracedSpan) -> str:
    """Return why a span failed; empty when it did not."""
    if span.text(names.OUTCOME):
        return ""  # its cause is that of the outcome
    cause, kind = span.text(names.CAUSE), span.text(names.ERROR_TYPE)
    if cause and kind and kind != cause:
        return f"{cause} ({kind})"
    return cause or kind or ("failed" if span.failed else "")


def _notes(span: TracedSpan) -> Iterator[str]:
    for event in span.events:
        if event.name == names.RETRY:
            attempt, cause = event.attributes.get(names.RETRY_ATTEMPT, "?"), event.attributes.get(names.CAUSE, "")
            delay = event.attributes.get(names.RETRY_DELAY)
            after = f", retried after {time_text(float(delay))}" if isinstance(delay, int | float) else ", retried"
            yield f"request {attempt} failed with {cause}{after}"
    if span.attributes.get(names.CANCELLED) is True:
        yield "cancelled"


def _columns(record: CallRecord) -> tuple[str, ...]:
    shown = (record.route, record.result, record.cause, record.action, f"{record.milliseconds:.0f}", record.model)
    return (one_line(record.trace_id), record.start, *(one_line(each) or "-" for each in shown))


def _table(records: Sequence[CallRecord]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("trace", "began", "route", "outcome", "cause", "action", "ms", "model"):
        right = name == "ms"
        table.add_column(name, no_wrap=True, overflow="ellipsis", justify="right" if right else "left")
    for record in records:
        table.add_row(*map(Text, _columns(record)))
    return table


def _print_narrow(console: Terminal, record: CallRecord) -> None:
    trace, start, route, result, cause, action, milliseconds, model = _columns(record)
    console.hang(Text(), Text.assemble((trace, "bold"), f"  {start}  {milliseconds} ms"))
    said = f"{result}, {cause}, {action}, route {route}, model {model}"
    console.hang(Text("  "), Text(said, style="dim"))
