"""The demo: start a server, store documents, ask questions, sum up."""

import platform
import shlex
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

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
from groundwire_server.cli.demo.questions import QUESTIONS, Asked
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.files.entries import Readable
from groundwire_server.cli.ingest.tally import Tally, show_tally
from groundwire_server.cli.ingest.upload import upload
from groundwire_server.cli.render import read, show_trace

TENANT = "demo"


@dataclass(frozen=True, slots=True)
class TourResult:
    """A question with its outcome."""

    asked: Asked
    outcome: Outcome

    @property
    def expected(self) -> bool:
        """Whether it was answered from one of its topics, or abstained where there are none."""
        outcome = groundwire.outcome_of(self.outcome)
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
            ended = [_ask(client, console, number, asked) for number, asked in enumerate(QUESTIONS, 1)]
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


def _ask(client: groundwire.SyncClient, console: Terminal, number: int, asked: Asked) -> TourResult:
    console.print()
    console.print(Rule(Text(f"{number} of {len(QUESTIONS)}", style="dim"), align="left", style="dim"))
    console.print(Text(asked.text, style="bold"))
    console.print()
    outcome = read(client.stream(asked.text), console)
    console.print()
    show_trace(console, outcome)
    return TourResult(asked, outcome)


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
