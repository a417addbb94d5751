"""Prints an answer as it arrives, and its outcome."""

from collections.abc import Iterable, Sequence

from google.protobuf import json_format
from rich.padding import Padding
from rich.status import Status
from rich.text import Text

import groundwire
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.event_pb2 import Retraction
from groundwire.v1.grounding_pb2 import Citation, Confidence, GroundedText
from groundwire.v1.outcome_pb2 import Action, Degraded, NextStep, Outcome
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.report_pb2 import GuardAction, Report, Screen
from groundwire_server.cli.console import Terminal, one_line, printable
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.markdown import Drawing, ForeignMarkdown
from groundwire_server.cli.passages import line_of
from groundwire_server.cli.verdicts import verdict_facts
from groundwire_server.cli.waterfall import chart_of, waterfall
from groundwire_server.cli.words import ACTIONS, CAUSES, LOSSES, NEXT_STEPS, RESULTS, word

_PASSAGES_SHOWN = 3
_LABEL = 11
_STYLES = {"answered": "green", "cached": "green", "degraded": "yellow", "queued": "yellow", "in_review": "yellow"}


def ask_and_print(stream: groundwire.SyncAnswerStream, *, trace: bool, as_json: bool) -> bool:
    """Print an answer as it arrives; return whether there was one.

    Args:
        stream: the answer's events; it is closed at the end.
        trace: print how long each stage took.
        as_json: print the outcome alone, as JSON.
    """
    console = Terminal()
    outcome = read(stream, console, quiet=as_json)
    if as_json:
        print(json_format.MessageToJson(outcome))
    elif trace:
        console.print()
        show_trace(console, outcome)
    return bool(groundwire.outcome_of(outcome).text)


def read(stream: groundwire.SyncAnswerStream, console: Terminal, *, quiet: bool = False) -> Outcome:
    """Print an answer as it arrives, then its outcome; return the outcome."""
    printer = Printer(console)
    with stream, _waiting(console, quiet) as waiting:
        for event in stream:
            if quiet:
                continue
            if event.HasField("evidence"):
                waiting.update(_found(event))
            elif event.WhichOneof("event") not in {"started", "heartbeat"}:
                waiting.stop()
                printer.event(event)
    if stream.outcome is None:
        raise CommandError(ExitCode.FAILED, "the stream ended without an outcome: is this a groundwire server?")
    if not quiet:
        shown = not printer.empty
        printer.end()
        show_outcome(console, stream.outcome.message, text_shown=shown)
    return stream.outcome.message


def show_trace(console: Terminal, outcome: Outcome) -> None:
    """Print how long each stage took."""
    for line in waterfall(chart_of(outcome.report), console.width, ascii_only=console.options.ascii_only):
        console.print(line, no_wrap=True, overflow="crop")


def _waiting(console: Terminal, quiet: bool) -> Status:
    """Return a spinner on standard error until text arrives; it shows nothing without a terminal."""
    apart = Terminal(stderr=True)
    apart.quiet = quiet or not (apart.is_terminal and console.is_terminal)
    return Status("searching", console=apart)


def _found(event: StreamAnswerResponse) -> str:
    count = len(event.evidence.passages)
    return f"reading {count} passage{'' if count == 1 else 's'}"


class Numbers:
    """The numbers of citations: by quote, in the order in which they are first seen."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], int] = {}

    def of(self, citation: Citation) -> int:
        """Return the citation's number."""
        return self._known.setdefault((citation.chunk_id, citation.quote), len(self._known) + 1)


class Printer:
    """The text of one answer, printed as it arrives.

    On a terminal, its Markdown is drawn, and retracted text is erased. Elsewhere the text is printed as it is, and a
    line says what is retracted.
    """

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._drawing = Drawing(console) if console.is_terminal else None
        self._pieces: list[tuple[int, str | Citation]] = []
        self._printed = ""

    @property
    def empty(self) -> bool:
        """True while there is no text."""
        return not any(isinstance(piece, str) for _, piece in self._pieces)

    def event(self, event: StreamAnswerResponse) -> None:
        """Print what an event adds or retracts."""
        match event.WhichOneof("event"):
            case "text_delta":
                self._pieces.append((event.sequence, event.text_delta.text))
            case "citation":
                self._pieces.append((event.sequence, event.citation))
            case "retraction":
                self._retract(event.retraction)
            case _:
                return
        self._print()

    def end(self) -> None:
        """End the last line of the text."""
        if self._drawing:
            self._drawing.leave()
        elif self._pieces:
            self._console.print()

    def _print(self) -> None:
        text = cited_text([piece for _, piece in self._pieces])
        if self._drawing:
            self._drawing.draw(text)
        else:
            self._console.out(printable(text[len(self._printed) :]), end="", highlight=False)
        self._printed = text

    def _retract(self, retraction: Retraction) -> None:
        kept = [piece for piece in self._pieces if piece[0] < retraction.from_sequence]
        if len(kept) == len(self._pieces):
            return
        if not (self._drawing and self._drawing.erasable):
            cause = word(Cause, retraction.cause)
            self.end()
            self._console.print(Text(f"[retracted: {cause}, {CAUSES.get(cause, '')}]", style="yellow"))
            self._printed = ""
        self._pieces = kept


def cited_text(pieces: Iterable[str | Citation]) -> str:
    """Return a text with the number of each citation after what it supports."""
    numbers = Numbers()
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        last = text.rpartition("\n")[2].lstrip()
        # After a fence, also of code in a list, or a row of a table nothing may stand; after other numbers of its kind
        # anything.
        text += f"\n\n[{numbers.of(piece)}]" if last.startswith(("```", "~~~", "|")) else f" [{numbers.of(piece)}]"
    return text


def show_outcome(console: Terminal, outcome: Outcome, *, text_shown: bool) -> None:
    """Print an outcome.

    Args:
        console: where to.
        outcome: to print.
        text_shown: whether the answer's text was printed already.
    """
    kind = outcome.WhichOneof("result") or ""
    answer = groundwire.outcome_of(outcome)
    text = answer.text
    if text and not text_shown:
        show_text(console, text)
    if text:
        console.print()
    head = Text(kind.replace("_", " ") or "unknown outcome", style=_STYLES.get(kind, "red"))
    head.stylize("bold")
    head.append(f": {RESULTS.get(kind, 'see the next step')}", style="not bold default")
    console.hang(Text(), head)
    for label, said in _facts(outcome):
        console.hang(Text(f"{label:<{_LABEL}}", style="dim"), said)
    passages = _passages(outcome)
    if passages:
        console.print()
        _show_passages(console, passages, nearest=kind == "abstained")
    if answer.citations:
        console.print()
        show_citations(console, answer.citations)


def show_text(console: Terminal, text: str) -> None:
    """Print the text of an answer: its Markdown drawn on a terminal, as it is elsewhere."""
    if console.is_terminal:
        console.print(ForeignMarkdown(printable(text)))
    else:
        console.hang(Text(), Text(printable(text)))


def _facts(outcome: Outcome) -> Iterable[tuple[str, Text]]:
    """Yield cause, action and next step, then the details of this kind of outcome."""
    cause, action = word(Cause, outcome.cause), word(Action, outcome.action)
    step = word(NextStep, outcome.next_step)
    for label, name, meaning in (
        ("cause", cause, CAUSES.get(cause, "")),
        ("action", action, ACTIONS.get(action, "")),
        ("next step", step, NEXT_STEPS.get(step, "")),
    ):
        line = Text(name, style="bold")
        if meaning:
            line.append(f": {meaning}", style="not bold")
        yield label, line
    if cut := outcome.report.passages_cut:
        yield "cut", Text(f"{cut} passage{'' if cut == 1 else 's'} did not fit the prompt whole")
    for label, said in (*_flags(outcome.report), *_details(outcome)):
        yield label, Text(said)


def _flags(report: Report) -> Iterable[tuple[str, str]]:
    """Yield what guards found, and which could not be asked."""
    for flag in report.flags:
        screen, action = word(Screen, flag.screen).lower(), word(GuardAction, flag.action)
        times = f", {flag.count} texts" if flag.count > 1 else ""
        yield "flag", f"{one_line(flag.guard)} found {one_line(flag.category)} in the {screen}{times}: {action}"
    for guard in report.guards_unavailable:
        yield "flag", f"{one_line(guard)} could not be asked"


def _details(outcome: Outcome) -> Iterable[tuple[str, str]]:
    """Yield the details of this kind of outcome."""
    match outcome.WhichOneof("result"):
        case "answered":
            yield from _grounding(outcome.answered.answer)
        case "cached":
            yield from _grounding(outcome.cached.answer)
            yield "age", f"{outcome.cached.age.ToSeconds()} s"
        case "degraded":
            for loss in outcome.degraded.losses:
                name = word(Degraded.Loss, loss)
                yield "lost", LOSSES.get(name, name)
            if outcome.degraded.HasField("answer"):
                yield from _grounding(outcome.degraded.answer)
        case "abstained":
            searched = outcome.abstained.searched
            yield "searched", f"{searched} passage{'' if searched == 1 else 's'}"
        case "queued":
            wait = outcome.queued.poll_after.ToSeconds()
            yield (
                "operation",
                f"{one_line(outcome.queued.operation)}, {outcome.queued.position} ahead, poll in {wait} s",
            )
            yield "follow", f"groundwire operations wait {one_line(outcome.queued.operation)}"
        case "in_review":
            yield "ticket", one_line(outcome.in_review.ticket)
            yield "follow", f"groundwire operations wait {one_line(outcome.in_review.operation)}"
        case "blocked":
            yield "policy", f"{one_line(outcome.blocked.policy)} ({one_line(outcome.blocked.category)})"
        case "failed_safe" if outcome.failed_safe.retryable:
            wait_for = outcome.failed_safe.retry_after.ToNanoseconds() / 1e9
            yield "retry", f"after {wait_for:g} s" if wait_for else "later"
        case _:
            return


def _grounding(answer: GroundedText) -> Iterable[tuple[str, str]]:
    """Yield how well an answer is supported, and what its verdicts say."""
    confidence = word(Confidence, answer.confidence).lower() if answer.confidence else "not stated"
    verified = "verified" if answer.verified else "not verified"
    yield "grounding", f"{answer.grounding_score:.0%}, {verified}, confidence {confidence}"
    numbers = Numbers()
    yield from verdict_facts(answer, {each.chunk_id: f"[{numbers.of(each)}]" for each in answer.citations})


def _passages(outcome: Outcome) -> Sequence[Passage]:
    match outcome.WhichOneof("result"):
        case "abstained":
            return outcome.abstained.nearest
        case "degraded":
            return outcome.degraded.passages
        case _:
            return ()


def _show_passages(console: Terminal, passages: Sequence[Passage], *, nearest: bool) -> None:
    """Print the nearest passages on a line each, and those in the place of an answer by their excerpts."""
    console.print(Text("Nearest" if nearest else "Passages", style="bold"))
    for passage in passages[:_PASSAGES_SHOWN]:
        line = Text(one_line(passage.title) or passage.document_id)
        if passage.scores.HasField("relevance"):
            line.append(f", relevance {passage.scores.relevance:.2f}", style="dim")
        console.hang(Text("  "), line)
        if nearest:
            console.hang(Text("    "), Text(line_of(passage.text), style="dim"))
        elif console.is_terminal:
            console.print(Padding(ForeignMarkdown(printable(passage.excerpt)), (0, 0, 0, 4)))
        else:
            console.hang(Text("    "), Text(printable(passage.excerpt)))
    if len(passages) > _PASSAGES_SHOWN:
        console.print(Text(f"  and {len(passages) - _PASSAGES_SHOWN} more", style="dim"))


def show_citations(console: Terminal, citations: Sequence[Citation]) -> None:
    """Print each citation once; the title only where the document changes."""
    numbers = Numbers()
    printed, last = 0, ""
    for citation in citations:
        number = numbers.of(citation)
        if number <= printed:
            continue
        lead = Text(f"[{number}] ", style="bold")
        source = citation.document_id or citation.chunk_id
        if source != last:
            console.hang(lead, Text(one_line(citation.title) or source))
            lead = Text(" " * lead.cell_len)
            if citation.source_uri:
                console.hang(lead, Text(one_line(citation.source_uri), style="dim"))
        console.hang(lead, Text(f"“{one_line(citation.quote)}”", style="italic"))
        printed, last = number, source
