"""Printing the list of recordings."""

import sys
from collections.abc import Iterable
from itertools import islice
from typing import Final

from google.protobuf import json_format
from rich.text import Text

from groundwire.v1.recording_service_pb2 import Recording
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.recordings.export import PREFIX
from groundwire_server.cli.times import printed
from groundwire_server.cli.words import RESULTS, counted

_NONE: Final = "no recordings: a route records calls of the tenants that its `recording.tenants` names"


def print_recordings(recordings: Iterable[Recording], limit: int, *, as_json: bool) -> None:
    """Print recordings: on a terminal in words, elsewhere a line with tabs, or with JSON.

    Args:
        recordings: the newest first.
        limit: how many at most.
        as_json: print JSON.
    """
    console = Terminal()
    count = 0
    for each in islice(recordings, limit):
        count += 1
        if as_json:
            print(json_format.MessageToJson(each, indent=None))
        elif console.is_terminal:
            _show(console, each)
        else:
            print(_tabbed(each))
    # Beside the output, so that what reads it counts lines alone.
    print(counted(count, "recording") if count else _NONE, file=sys.stderr)


def _show(console: Terminal, recording: Recording) -> None:
    means = RESULTS.get(recording.result, recording.result)
    console.hang(Text(), Text.assemble((_id(recording), "bold"), f"  {recording.result} ({recording.cause}): {means}"))
    facts = [
        printed(recording.create_time),
        f"route {recording.route}",
        recording.prompt and f"prompt {recording.prompt}",
        recording.model and f"model {recording.model}",
        recording.experiment_arm and f"arm {recording.experiment_arm}",
        recording.redacted and "personal data replaced",
        f"kept until {printed(recording.expire_time)}",
    ]
    console.hang(Text("  "), Text(one_line(", ".join(each for each in facts if each)), style="dim"))
    console.hang(Text("  "), Text(one_line(f"request {recording.request_id}, trace {recording.trace_id}"), style="dim"))


def _tabbed(recording: Recording) -> str:
    columns = (
        _id(recording),
        recording.create_time.ToJsonString(),
        recording.route,
        recording.result,
        recording.cause,
        recording.prompt,
        recording.model,
        recording.experiment_arm,
        recording.request_id,
    )
    return "\t".join(map(one_line, columns))


def _id(recording: Recording) -> str:
    return recording.name.removeprefix(PREFIX)
