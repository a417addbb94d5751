"""How many documents are done: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from groundwire_server.cli.console import Terminal, one_line

_BAR: Final = 20
_LINE_SECONDS: Final = 30.0


class _Speed(ProgressColumn):
    """Documents per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f}/s", style="progress.data.speed")


class DocumentProgress:
    """The progress on standard error.

    Args:
        label: what is done.
        total: the number of documents.
        clock: returns seconds.
    """

    def __init__(self, label: str, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = Terminal(stderr=True)
        self._total = total
        self._clock = clock
        self._begun = self._told = clock()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(_BAR),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(compact=True),
            TextColumn(
                "{task.fields[name]}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
            ),
            console=self._console,
            disable=not self._console.is_terminal,
            expand=True,
            transient=True,
        )
        self._task = self._bar.add_task(label, total=total, name="")
        if not self._console.is_terminal:
            self._console.print(f"{label} {total} document{'' if total == 1 else 's'}")

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def advance(self, name: str) -> None:
        """Count one document; any thread may."""
        self._bar.update(self._task, advance=1, name=one_line(name))
        if not self._console.is_terminal and self._clock() - self._told >= _LINE_SECONDS:
            self._told = self._clock()
            done = int(self._bar.tasks[self._task].completed)
            speed = done / (self._told - self._begun)
            self._console.print(f"{done:,} of {self._total:,}, {speed:.0f}/s: {one_line(name)}", soft_wrap=True)
