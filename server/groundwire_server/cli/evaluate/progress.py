"""How far a run is, on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from groundwire_server.cli.console import Terminal


@contextmanager
def progress(total: int, done: int) -> Iterator[Callable[[], None]]:
    """Show a bar where standard error is a terminal, else one line at the beginning.

    Args:
        total: how many questions and statements there are.
        done: how many of them were recorded before.

    Yields:
        What to call for each that is done.
    """
    console = Terminal(stderr=True)
    if not console.is_terminal:
        before = f", {done} of them recorded before" if done else ""
        console.print(f"evaluating {total} item{'' if total == 1 else 's'}{before}")
    columns = (TextColumn("evaluating"), BarColumn(None), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console, disable=not console.is_terminal, expand=True, transient=True) as shown:
        task = shown.add_task("evaluating", total=total, completed=done)
        yield lambda: shown.advance(task)
