"""The demo: start a server, store documents, ask questions, sum up."""

import platform
import shlex
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.rule import Rule
from rich.table import Table
from rich.text import Text

import groundwire
from groundwire.v1.outcome_pb2 import Outcome
from groundwire_server.cli.calls import connect, failures_stop
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.demo import corpus
from groundwire_server.cli.demo.child import LOG, STORE, server
from groundwire_server.cli.demo.questions import LATER, QUESTIONS, Asked
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.files.entries import Readable
from groundwire_server.cli.ingest.tally import Tally, show_tally
from groundwire_server.cli.ingest.upload import upload
from groundwire_server.cli.operations.listing import standing
from groundwire_server.cli.render import read, show_outcome, show_trace

TENANT = "demo"

_LATER_SECONDS: Final = 60.0
"""How long the question that is handed in may take."""


@dataclass(frozen=True, slots=True)
class TourResult:
    """A question with its outcome.

    Attributes:
        kind: the outcome that is expected, by its name; empty where its text alone says whether it is.
    """

    asked: Asked
    outcome: Outcome
    kind: str = ""

    @property
    def expected(self) -> bool:
        """Whether it was answered from one of its topics, or abstained where there are none."""
        outcome = groundwire.outcome_of(self.outcome)
        if self.kind and outcome.kind != self.kind:
            return False
        if not self.asked.topics:
            return isinstance(outcome, groundwire.Abstained)
        cited = {citation.document_id for citation in outcome.citations}
        text = " ".join(outcome.text.split())
        return bool(cited & self.asked.topics) and any(words in text for words in self.asked.says)


def tour(data: Path, *, fresh: bool) -> bool:
    """Run the demo; return whether every question ended as expected.

    Args:
        data: the folder that keeps the documents from one run to the next.
        fresh: delete them first.
    """
    console = Terminal()
    _prepare(data, fresh)
    with failures_stop():
        console.print(Text("Starting a server", style="bold"))
        with server(data) as address, connect(ConnectionOptions(address, TENANT)) as client:
            # Not wrapped: a broken path cannot be copied.
            console.print(f"It listens on {address} and keeps its documents in {data}", soft_wrap=True)
            console.print()
            _store(client, console)
            ended = [
                _ask(client, console, f"{number} of {len(QUESTIONS)}", asked)
                for number, asked in enumerate(QUESTIONS, 1)
            ]
            ended.append(_ask(client, console, "the first once more", QUESTIONS[0], "cached"))
            ended.append(_submit(client, console, LATER))
    _sum_up(console, ended, data)
    return all(each.expected for each in ended)


def _prepare(data: Path, fresh: bool) -> None:
    try:
        if fresh:
            shutil.rmtree(data / STORE, ignore_errors=True)
        data.mkdir(parents=True, exist_ok=True)
        (data / LOG).open("wb").close()  # a folder that is there may still refuse files
    except OSError as failed:
        told = f"cannot keep documents in {data}: {failed.strerror}; choose another folder with --data"
        raise CommandError(ExitCode.FAILED, told) from None


def _store(client: groundwire.SyncClient, console: Terminal) -> None:
    console.print(Text(f"Storing the language reference of Python {platform.python_version()}", style="bold"))
    begun = time.perf_counter()
    tally = Tally()
    upload(client, map(Readable, corpus.documents()), corpus.size(), tally)
    show_tally(console, tally)
    console.print(Text(f"in {time.perf_counter() - begun:.1f} s", style="dim"))
    if tally.failures:
        raise CommandError(ExitCode.FAILED, "the demo's documents could not be stored, for the reasons above")


def _ask(client: groundwire.SyncClient, console: Terminal, title: str, asked: Asked, kind: str = "") -> TourResult:
    _head(console, title, asked)
    outcome = read(client.stream(asked.text), console)
    console.print()
    show_trace(console, outcome)
    return TourResult(asked, outcome, kind)


def _submit(client: groundwire.SyncClient, console: Terminal, asked: Asked) -> TourResult:
    """Hand a question in, and follow its operation until it is done."""
    _head(console, "handed in, to be answered later", asked)
    operation = client.submit(asked.text)
    console.print(operation.name)
    for changed in operation.watch(timeout=_LATER_SECONDS):
        console.print(standing(changed))
    console.print()
    outcome = operation.wait(0).message
    show_outcome(console, outcome, text_shown=False)
    return TourResult(asked, outcome, "answered")


def _head(console: Terminal, title: str, asked: Asked) -> None:
    console.print()
    console.print(Rule(Text(title, style="dim"), align="left", style="dim"))
    console.print(Text(asked.text, style="bold"))
    console.print()


def _sum_up(console: Terminal, ended: list[TourResult], data: Path) -> None:
    console.print()
    console.print(Rule(style="dim"))
    table = Table(box=None, padding=(0, 1), expand=False)
    table.add_column("question", ratio=1, overflow="fold")
    table.add_column("outcome", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for each in ended:
        kind = (each.outcome.WhichOneof("result") or "?").replace("_", " ")
        time_taken = f"{each.outcome.report.total.ToNanoseconds() / 1e6:.0f} ms"
        style = "" if each.expected else "red"
        table.add_row(each.asked.text, kind if each.expected else f"{kind} (unexpected)", time_taken, style=style)
    console.print(table)
    console.print()
    console.print(Text("Try it yourself", style="bold"))
    for line in (
        f"groundwire serve --data {shlex.quote(str(data / STORE))}",
        f'groundwire ask --tenant {TENANT} --trace "What does a finally clause do?"',
        "groundwire ingest README.md",
        "groundwire ask --help",
    ):
        console.print(Text(f"  {line}"), soft_wrap=True)
