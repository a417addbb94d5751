"""Recorded calls from their names to what their replays come to, printed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.text import Text

from groundwire_server.cli.calls import connect, failures_stop
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.outputs import write_output
from groundwire_server.cli.prompts.offline import OpenedRegistry, opened_registry
from groundwire_server.cli.recordings.export import PREFIX, name_of, read_recording
from groundwire_server.cli.replay.changes import changes_of
from groundwire_server.cli.replay.columns import Titles, print_call
from groundwire_server.cli.replay.page import replay_page
from groundwire_server.cli.replay.reading import ReplayableCall, recorded_calls, recorded_in
from groundwire_server.cli.replay.running import replays_as_they_were, replays_of_prompts, replays_with
from groundwire_server.cli.replay.summary import difference_line, summary_lines
from groundwire_server.cli.words import counted
from groundwire_server.domain.prompts.registry import PromptVersion
from groundwire_server.evaluation.replayed import ReplayedCall, ReplaySummary, facts_of

_SHOWN: Final = 20
"""Calls up to which both outcomes are printed; of more, a line each."""


def compare_recordings(
    names: Sequence[str],
    connection: ConnectionOptions,
    timeout: float,
    asked: Sequence[str],
    config: Path | None,
    html: Path | None,
    *,
    live: bool,
    as_json: bool,
    fail_if_changed: bool,
) -> ExitCode:
    """Replay recordings, print what they come to, and return how the command ends.

    Args:
        names: ids, files and folders.
        connection: to the server that has those that are named by id.
        timeout: seconds of each call of it.
        asked: what `--with` says.
        config: the configuration; None takes the usual one.
        html: the page to write; None writes none.
        live: whether models are asked.
        as_json: print JSON.
        fail_if_changed: whether a call that came to something else fails the command.

    Raises:
        SetupError: when a recording, or a part of the configuration, cannot be used.
        CommandError: when something is named that there is not.
    """
    calls = _calls(names, connection, timeout)
    if not asked:
        replayed = asyncio.run(_all(replays_as_they_were(calls)))
        titles = Titles()
    else:
        opened = opened_registry(config)
        changes = changes_of(asked, opened)
        replayed = asyncio.run(_all(replays_with(calls, changes, opened.configuration, live=live)))
        titles = Titles(after=changes.title)
    _print(replayed, titles, changed=bool(asked), as_json=as_json)
    if html is not None:
        write_output(html, replay_page(replayed, titles))
    if fail_if_changed and any(each.changed for each in replayed):
        return ExitCode.MISSED
    done = all(each.after is not None for each in replayed) if asked else all(each.exact for each in replayed)
    return ExitCode.OK if done else ExitCode.INCOMPLETE


def compare_prompts(
    first: PromptVersion,
    second: PromptVersion,
    paths: Sequence[Path],
    opened: OpenedRegistry,
    *,
    live: bool,
    as_json: bool,
) -> None:
    """Print what recorded calls come to with each of two versions of a prompt.

    Args:
        first: the one before.
        second: the one after.
        paths: files and folders of recordings.
        opened: has the configuration.
        live: whether models are asked.
        as_json: print JSON.

    Raises:
        SetupError: when a recording, or a part of the configuration, cannot be used.
    """
    calls = list(recorded_calls(paths))
    replays = replays_of_prompts(calls, first, second, opened.configuration, live=live)
    titles = Titles(f"{first.name}/{first.version}", f"{second.name}/{second.version}")
    _print(asyncio.run(_all(replays)), titles, changed=True, as_json=as_json)


async def _all(replays: AsyncIterator[ReplayedCall]) -> Sequence[ReplayedCall]:
    return [each async for each in replays]


def _calls(names: Sequence[str], connection: ConnectionOptions, timeout: float) -> Iterable[ReplayableCall]:
    """Return recorded calls, each once: those of files and folders, and those that the server has under an id."""
    paths = [Path(name) for name in names]
    on_server = [name for name, path in zip(names, paths, strict=True) if _is_id(name) and not path.exists()]
    found = list(recorded_calls(path for name, path in zip(names, paths, strict=True) if name not in on_server))
    if on_server:
        found += _fetched(on_server, connection, timeout)
    return found


def _fetched(names: Sequence[str], connection: ConnectionOptions, timeout: float) -> Iterator[ReplayableCall]:
    with failures_stop(), connect(connection, timeout=timeout) as client:
        for name in dict.fromkeys(map(name_of, names)):
            content = read_recording(client, name)
            yield from recorded_in(Path(name.removeprefix(PREFIX)), content.decode("utf-8", "replace"))


def _is_id(name: str) -> bool:
    try:
        name_of(name)
    except CommandError:
        return False
    return True


def _print(replayed: Sequence[ReplayedCall], titles: Titles, *, changed: bool, as_json: bool) -> None:
    summary = ReplaySummary.of(replayed)
    if as_json:
        for each in replayed:
            print(json.dumps(facts_of(each), ensure_ascii=False))
        print(json.dumps({"summary": summary.facts()}, ensure_ascii=False))
        return
    console = Terminal()
    for each in replayed:
        if changed and len(replayed) <= _SHOWN:
            print_call(console, each, titles)
            console.print()
        else:
            line = difference_line(each) if changed else _exactness(each)
            console.hang(Text(f"{one_line(each.name)}  ", style="bold"), Text(one_line(line)))
    if changed:
        for line in summary_lines(summary):
            console.hang(Text(), Text(line))
    elif len(replayed) > 1:
        print(f"{sum(each.exact for each in replayed):,} of {counted(len(replayed), 'replay')} exact")
    if not changed and any(each.other_rules and not each.exact for each in replayed):
        print("The rules that judge sentences are others than those of the recording.", file=sys.stderr)


def _exactness(replayed: ReplayedCall) -> str:
    """Return in one line whether a replay is exact."""
    if replayed.exact:
        before = replayed.before
        return f"exact: {before.result} ({before.cause})"
    if replayed.after is None:
        return f"not exact: {replayed.missing}"
    return f"not exact: {', '.join(replayed.places)}"
